import type { Family, Gateway, GrantedOpening, Instant, IpAddress, Opening, RefusalCode } from '@sluice/model';
import type { Driver } from '../index.ts';

/** Addresses that the gateway on the bench knows, for one family. */
export interface BenchAddresses {
  /** A device inside the home that openings may point at. */
  readonly device: IpAddress;
  /** A server outside that may be let in. */
  readonly server: IpAddress;
}

/** A way to ask for something that this gateway refuses. */
export interface RefusedWish {
  readonly what: string;
  readonly family: Family;
  /** Makes the wish out of an opening that would be granted. */
  spoil(opening: Opening): Opening;
  readonly code: RefusalCode;
}

/** A driver and a gateway of its type to hold it against: a simulator on loopback, or a real one in the lab. */
export interface ConformanceBench<Step> extends AsyncDisposable {
  readonly driver: Driver<Step>;
  readonly gateway: Gateway;
  /** One entry for each family in the driver's traits. */
  readonly addresses: Readonly<Partial<Record<Family, BenchAddresses>>>;
  /** At least one. */
  readonly refusedWishes: readonly RefusedWish[];
  now(): Instant;
  /** Lets time pass, at the gateway too. */
  pass(ms: number): Promise<void>;
  /** The next step reaches the gateway and is done; its answer never arrives. */
  loseNextAnswer(): void;
  /** The next step does not reach the gateway, and nobody is told. */
  loseNextRequest(): void;
  /** Packets of one opening's stream cross the gateway; left out where the type tells no counters. */
  carry?(opening: GrantedOpening, packets: number, bytes: number): void;
  /** Somebody else makes a mapping; the returned function tells whether it is still there as it was made. */
  makeForeign(): Promise<() => Promise<boolean>>;
}
