import type { Instant, Opening } from '@sluice/model';
import { Doubts } from './doubts.ts';
import type { OpeningTable, Place, RowPlace } from './place.ts';
import type { DeviceContact } from './port.ts';

/** Whether devices of a model do something: found out when it is first tried. */
export type Ability = 'unknown' | 'yes' | 'no';

/** What devices of one model and version have shown of one table's rows. */
export interface TableKnowledge {
  /** Whether a row is held to one remote address. */
  source: Ability;
  /** Whether a row ends by itself. */
  lease: Ability;
  /** The parameters that a row has. */
  parameters?: ReadonlySet<string>;
}

/** What devices of one model and version have shown of rules of a chain. */
export interface RuleKnowledge {
  narrow: Ability;
  parameters?: ReadonlySet<string>;
}

/** What devices of one model and version have shown. */
export class ModelKnowledge {
  /** Whether a rule holds a mapping to one remote port, and the parameters that a rule has. */
  readonly rules: RuleKnowledge = { narrow: 'unknown' };
  readonly #tables = new Map<string, TableKnowledge>();

  /** By the table's names, whichever connection it is on. */
  of({ names }: OpeningTable): TableKnowledge {
    const key = names.sourcePort === undefined ? 'mappings' : 'pinholes';
    const known = this.#tables.get(key) ?? { source: 'unknown', lease: 'unknown' };
    this.#tables.set(key, known);
    return known;
  }
}

/** What is known of one device. */
export interface DeviceKnowledge {
  place?: Place;
  model?: ModelKnowledge;
  readonly doubts: Doubts;
  /** Openings as they were asked for, by id: a row does not tell all of one. */
  readonly asked: Map<string, Opening>;
  /** Where rows of ours were last seen, by id: a hint, as devices give their numbers out again. */
  readonly places: Map<string, RowPlace>;
  /** When its rows were last read. */
  lookedAt?: Instant;
}

/** What devices last showed of themselves, so that a request need not ask. */
export class DeviceBook {
  readonly #devices = new Map<string, DeviceKnowledge>();
  readonly #models = new Map<string, ModelKnowledge>();

  of(gatewayId: string): DeviceKnowledge {
    let known = this.#devices.get(gatewayId);
    if (!known) {
      known = { doubts: new Doubts(), asked: new Map(), places: new Map() };
      this.#devices.set(gatewayId, known);
    }
    return known;
  }

  /** What is known of the device's model, which another device may have shown. */
  meet(gatewayId: string, contact: DeviceContact): DeviceKnowledge {
    const known = this.of(gatewayId);
    const { oui, productClass } = contact.deviceId;
    const version = contact.parameters.get(`${contact.root}DeviceInfo.SoftwareVersion`) ?? '';
    const key = JSON.stringify([contact.root, oui, productClass, version]);
    let model = this.#models.get(key);
    if (!model) {
      model = new ModelKnowledge();
      this.#models.set(key, model);
    }
    known.model = model;
    return known;
  }

  /** The device started, or has another address: where its openings are made is looked up again. */
  forget(gatewayId: string): void {
    const known = this.#devices.get(gatewayId);
    delete known?.place;
    known?.places.clear();
    delete known?.lookedAt;
  }
}
