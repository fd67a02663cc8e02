import type { DataPlane, KernelOpening } from '@sluice/kernel';
import type { IpAddress } from '@sluice/model';

/** Where a benchmark's openings lead from and to. */
export interface Ends {
  readonly media: IpAddress;
  readonly gateway: IpAddress;
  readonly appliance: IpAddress;
}

/** Global ports of the opening range. */
export const globalPorts = { first: 16384, count: 16384 } as const;
/** First port of the media server's side. */
export const firstMediaPort = 7000;

/** The n-th of a row of different openings: all global ports of one server port, then those of the next. */
export function nthOpening({ media, gateway, appliance }: Ends, n: number): KernelOpening {
  return {
    streamType: 'udp',
    remote: { address: media, port: firstMediaPort + Math.floor(n / globalPorts.count) },
    global: { address: gateway, port: globalPorts.first + (n % globalPorts.count) },
    // What the device sends from one local port to one remote endpoint leaves by one global port: each has its own.
    local: { address: appliance, port: 5000 + (n % globalPorts.count) },
    tag: `bench-${n}|self::configuration-1`,
  };
}

/** Holds openings `from` to `to`, exclusive, for an hour; five hundred a transaction. */
export function hold(plane: DataPlane, ends: Ends, from: number, to: number): void {
  for (let start = from; start < to; start += 500) {
    const add = Array.from({ length: Math.min(500, to - start) }, (_, index) => ({
      opening: nthOpening(ends, start + index),
      leaseMs: 3_600_000,
    }));
    const failure = plane.commit({ add, renew: [], remove: [] });
    if (failure) throw new Error(`the kernel refused to hold ${start}: ${JSON.stringify(failure)}`);
  }
}
