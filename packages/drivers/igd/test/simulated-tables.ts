import type { Clock, Instant } from '@sluice/model';
import { mappingError, type Pinhole, type PortMapping, pinholeError, upnpError } from '@sluice/wire/igd';

/** How a simulated gateway departs from the standard. */
export interface Departures {
  /** WANIPConnection and InternetGatewayDevice; 2 where left out. */
  readonly version?: 1 | 2;
  /** WANPPPConnection:1 instead of WANIPConnection. */
  readonly ppp?: true;
  readonly refusesRemoteHost?: true;
  readonly ignoresRemoteHost?: true;
  readonly hidesRemoteHost?: true;
  /** The same mapping asked for again is a conflict with itself. */
  readonly conflictsWithItself?: true;
  readonly permanentOnly?: true;
  readonly findsLeasesInvalid?: true;
  /** Makes every lease one for ever, and calls it done. */
  readonly forgetsLeases?: true;
  readonly mostLeaseSeconds?: number;
  readonly samePorts?: true;
  readonly noAnyPort?: true;
  readonly noRangeList?: true;
  readonly noSpecificLook?: true;
  readonly cutsDescriptionTo?: number;
  readonly noFirewall?: true;
  readonly noPinholeLook?: true;
  readonly mixesUpPinholes?: true;
  /** What it says it is. */
  readonly server?: string;
  /** Text of GetExternalIPAddress. */
  readonly externalAddress?: string;
  readonly status?: string;
  /** It answers no search. */
  readonly mute?: true;
  /** What its SSDP answers name; left out, its own description. */
  readonly location?: string;
  /** A restart brings mappings back without who may send, as a lease file does. */
  readonly forgetsRemoteHostAtRestart?: true;
}

/** A mapping with its end; undefined for ever. */
export interface HeldMapping extends PortMapping {
  readonly end: Instant | undefined;
}

/** A pinhole with its number and end. */
export interface HeldPinhole extends Pinhole {
  readonly uniqueId: number;
  readonly end: Instant;
  readonly packets: number;
}

/** An error of UPnP, instead of a value. */
export type Fault = { readonly fault: number };

const fault = (code: number): Fault => ({ fault: code });

/** What a simulated gateway holds, and what it lets happen to that. */
export class SimulatedTables {
  readonly departures: Departures;
  mappings: HeldMapping[] = [];
  pinholes: HeldPinhole[] = [];
  readonly #clock: Clock;
  #nextId = 1;

  constructor(clock: Clock, departures: Departures) {
    this.#clock = clock;
    this.departures = departures;
  }

  /** What packets could pass through now. */
  get held(): readonly HeldMapping[] {
    const now = this.#clock.now();
    this.mappings = this.mappings.filter(({ end }) => end === undefined || end > now);
    return this.mappings;
  }

  get heldPinholes(): readonly HeldPinhole[] {
    const now = this.#clock.now();
    this.pinholes = this.pinholes.filter(({ end }) => end > now);
    return this.pinholes;
  }

  add(asked: PortMapping): Fault | undefined {
    const { departures } = this;
    if (departures.refusesRemoteHost && asked.remoteHost !== '') return fault(mappingError.remoteHostOnlyWildcard);
    if (departures.findsLeasesInvalid && asked.leaseSeconds !== 0) return fault(upnpError.invalidArgs);
    if (departures.permanentOnly && asked.leaseSeconds !== 0) return fault(mappingError.onlyPermanentLeases);
    if (departures.samePorts && asked.internalPort !== asked.externalPort) return fault(mappingError.samePortsRequired);
    if (asked.externalPort === 0) return fault(mappingError.wildcardNotPermittedInExternalPort);
    const mapping = this.#asHeld(asked);
    const same = this.#at(mapping.externalPort, mapping.protocol);
    if (same && (same.internalClient !== mapping.internalClient || same.remoteHost !== mapping.remoteHost))
      return fault(mappingError.conflictInMapping);
    if (same && departures.conflictsWithItself) return fault(mappingError.conflictInMapping);
    this.mappings = [...this.held.filter((other) => other !== same), mapping];
    return undefined;
  }

  addAny(asked: PortMapping): number | Fault {
    for (let port = asked.externalPort; port <= 65_535; port++) {
      const holder = this.#at(port, asked.protocol);
      if (holder && holder.internalClient !== asked.internalClient) continue;
      const no = this.add({ ...asked, externalPort: port });
      if (no?.fault === mappingError.conflictInMapping) continue;
      return no ?? port;
    }
    return fault(mappingError.noPortMapsAvailable);
  }

  remove(externalPort: number, protocol: string): Fault | undefined {
    const there = this.#at(externalPort, protocol);
    if (!there) return fault(mappingError.noSuchEntry);
    this.mappings = this.held.filter((other) => other !== there);
    return undefined;
  }

  /** As it is shown: what is left of its lease, and who may send where that is told. */
  shown(mapping: HeldMapping): PortMapping {
    const { end, ...rest } = mapping;
    const leaseSeconds = end === undefined ? 0 : Math.ceil((end - this.#clock.now()) / 1_000);
    return { ...rest, leaseSeconds, ...(this.departures.hidesRemoteHost && { remoteHost: '' }) };
  }

  addPinhole(pinhole: Pinhole, seconds: number): number | Fault {
    const end = this.#clock.now() + seconds * 1_000;
    const same = this.heldPinholes.find((other) => isSame(other, pinhole));
    if (same) return this.updatePinhole(same.uniqueId, seconds) ?? same.uniqueId;
    const uniqueId = this.#nextId++;
    this.pinholes = [...this.pinholes, { ...pinhole, uniqueId, end, packets: 0 }];
    return uniqueId;
  }

  updatePinhole(uniqueId: number, seconds: number): Fault | undefined {
    const there = this.heldPinholes.find((other) => other.uniqueId === uniqueId);
    if (!there) return fault(pinholeError.noSuchEntry);
    const spoilt = this.departures.mixesUpPinholes ? { remotePort: 0 } : {};
    const updated = { ...there, end: this.#clock.now() + seconds * 1_000, ...spoilt };
    this.pinholes = this.pinholes.map((other) => (other === there ? updated : other));
    return undefined;
  }

  removePinhole(uniqueId: number): Fault | undefined {
    if (!this.heldPinholes.some((other) => other.uniqueId === uniqueId)) return fault(pinholeError.noSuchEntry);
    this.pinholes = this.pinholes.filter((other) => other.uniqueId !== uniqueId);
    return undefined;
  }

  packetsOf(uniqueId: number): number | Fault {
    if (this.departures.noPinholeLook) return fault(upnpError.invalidAction);
    return this.heldPinholes.find((other) => other.uniqueId === uniqueId)?.packets ?? fault(pinholeError.noSuchEntry);
  }

  /** A restart that loses everything, or brings mappings back wider than they were. */
  restart(): void {
    const wide = this.mappings.map((mapping) => ({ ...mapping, remoteHost: '' }));
    this.mappings = this.departures.forgetsRemoteHostAtRestart ? wide : [];
    this.pinholes = [];
    this.#nextId = 1;
  }

  #asHeld(asked: PortMapping): HeldMapping {
    const { departures } = this;
    const { forgetsLeases, mostLeaseSeconds = 604_800 } = departures;
    const permanent =
      forgetsLeases ||
      (asked.leaseSeconds === 0 &&
        (departures.version === 1 || departures.permanentOnly || departures.findsLeasesInvalid));
    const seconds = Math.min(asked.leaseSeconds || 604_800, mostLeaseSeconds);
    return {
      ...asked,
      description: asked.description.slice(0, departures.cutsDescriptionTo),
      ...(departures.ignoresRemoteHost && { remoteHost: '' }),
      end: permanent ? undefined : this.#clock.now() + seconds * 1_000,
    };
  }

  #at(externalPort: number, protocol: string): HeldMapping | undefined {
    return this.held.find((other) => other.externalPort === externalPort && other.protocol === protocol);
  }
}

function isSame(one: Pinhole, other: Pinhole): boolean {
  return (
    one.remoteHost === other.remoteHost &&
    one.remotePort === other.remotePort &&
    one.internalClient === other.internalClient &&
    one.internalPort === other.internalPort &&
    one.protocol === other.protocol
  );
}
