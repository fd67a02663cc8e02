import { type Endpoint, familyOf } from '@sluice/model';
import type { HeldOpening, KernelOpening } from './data-plane.ts';
import type { Answer } from './netlink/message.ts';
import type { NetfilterSocket } from './netlink/socket.ts';
import { dumpSet, type ElementKey, getElement, type HeldElement, readElements } from './nftables/element.ts';
import { arrivalKey, markField, readArrivalKey, readEndpoint, readInside, readMark } from './opening-elements.ts';
import type { Ruleset } from './ruleset.ts';
import { shapes } from './ruleset-parts.ts';
import { readStreamCode } from './stream-code.ts';

/** An opening with its number, which is the mark of its flows. */
export interface Numbered {
  readonly id: number;
  readonly held: HeldOpening;
}

/** Another transaction interrupts a dump; it is begun again this often. */
const dumpAttempts = 10;

/** What of a ruleset decides how openings are read. */
export type HeldBy = Pick<Ruleset, 'table' | 'translates' | 'wanOf'>;

/** Reads openings out of one table. */
export class HeldOpenings {
  readonly #socket: NetfilterSocket;
  readonly #rules: { readonly ruleset: HeldBy };

  constructor(socket: NetfilterSocket, rules: { readonly ruleset: HeldBy }) {
    this.#socket = socket;
    this.#rules = rules;
  }

  /** Openings as held, in the order asked; undefined where the kernel holds none of that key and tag. */
  look(openings: readonly KernelOpening[]): (Numbered | undefined)[] {
    const { translates, wanOf } = this.#rules.ruleset;
    const arrivals = this.#get(openings.map(arrivalKey));
    const ids = arrivals.map((element, index) =>
      element?.data && element.comment === openings[index]?.tag ? readMark(element.data) : undefined,
    );
    const sets = translates ? (['live', 'counted', 'local4'] as const) : (['live', 'counted'] as const);
    const wanted = ids.flatMap((id) => (id === undefined ? [] : sets.map((set) => ({ set, key: markField(id) }))));
    const parts = this.#get(wanted).values();
    return openings.map((opening, index) => {
      const id = ids[index];
      const arrival = arrivals[index];
      if (id === undefined || !arrival) return undefined;
      const [live, counted, local4] = sets.map(() => parts.next().value);
      const isTranslated = translates && familyOf(opening.global.address) === 4;
      const local = isTranslated ? local4?.data && readEndpoint(local4.data) : opening.global;
      const held = assemble({ ...opening, wan: wanOf(id) }, arrival, live, counted, local);
      return held && { id, held };
    });
  }

  /** Every opening of the table. */
  all(): Numbered[] {
    const { translates, wanOf } = this.#rules.ruleset;
    const byNumber = (set: string) => new Map(this.#dump(set).map((element) => [readMark(element.key), element]));
    const [live, counted] = [byNumber('live'), byNumber('counted')];
    const local4 = translates ? byNumber('local4') : undefined;
    const hairs = translates ? this.#dump('hair4') : [];
    const insides = new Map(
      hairs.flatMap(({ key, data }) => (data ? [[readMark(data), readInside(key)] as const] : [])),
    );
    const found: Numbered[] = [];
    for (const family of [4, 6] as const) {
      for (const shape of [...shapes, 'peer'] as const) {
        for (const arrival of this.#dump(`in${family}_${shape}`)) {
          if (!arrival.data) continue;
          const id = readMark(arrival.data);
          const parts = readArrivalKey(arrival.key, family, shape);
          const target = local4?.get(id)?.data;
          const local = family === 6 || !local4 ? parts.global : target && readEndpoint(target);
          const held = assemble(
            { ...parts, wan: wanOf(id), inside: insides.get(id) },
            arrival,
            live.get(id),
            counted.get(id),
            local,
          );
          if (held) found.push({ id, held });
        }
      }
    }
    return found;
  }

  #get(keys: readonly ElementKey[]): (HeldElement | undefined)[] {
    const answers = this.#socket.ask(keys.map((key) => getElement(this.#rules.ruleset.table, key)));
    return answers.map((list) => elementsIn(list)[0]);
  }

  #dump(set: string): HeldElement[] {
    for (let attempt = 1; ; attempt++) {
      const answers = this.#socket.ask([dumpSet(this.#rules.ruleset.table, set)])[0] ?? [];
      const whole = answers.every((a) => a.kind !== 'message' || (a.head.flags & 0x10) === 0);
      if (whole || attempt === dumpAttempts) return elementsIn(answers);
    }
  }
}

function elementsIn(answers: readonly Answer[]): HeldElement[] {
  return answers.flatMap((answer) => (answer.kind === 'message' ? readElements(answer.payload) : []));
}

interface Ends extends Pick<KernelOpening, 'remote' | 'global'> {
  readonly wan: string | undefined;
  readonly inside?: Endpoint | undefined;
}

/** One opening of its parts; undefined where one of them has run out. */
function assemble(
  { remote, global, wan, inside }: Ends,
  arrival: HeldElement,
  live: HeldElement | undefined,
  counted: HeldElement | undefined,
  local: KernelOpening['local'] | undefined,
): HeldOpening | undefined {
  const carried = live?.data && readStreamCode(readMark(live.data));
  if (!live || !carried || !counted || !local) return undefined;
  const tag = arrival.comment;
  return {
    ...carried,
    remote,
    global,
    local,
    ...(wan !== undefined && { wan }),
    ...(inside && { inside }),
    tag,
    remainingMs: live.remainingMs,
    ...counted.count,
  };
}
