import type { Instant } from '@sluice/model';

/** A gateway's count of seconds since it last lost its mappings, and when it was read. */
export interface EpochReading {
  readonly epoch: number;
  readonly at: Instant;
}

/** `first`: nothing to compare with. `lost`: between the two readings the gateway lost its mappings. */
export type EpochVerdict = 'first' | 'steady' | 'lost';

/** RFC 6887 8.5: a server's clock may be off by a sixteenth and a second or two, and never runs backwards. */
export function pcpEpochVerdict(before: EpochReading | undefined, now: EpochReading): EpochVerdict {
  if (!before) return 'first';
  if (now.epoch + 1 < before.epoch) return 'lost';
  const client = Math.max(0, Math.floor((now.at - before.at) / 1_000));
  const server = now.epoch - before.epoch;
  const apart = client + 2 < server - Math.floor(server / 16) || server + 2 < client - Math.floor(client / 16);
  return apart ? 'lost' : 'steady';
}

/** RFC 6886 3.6: a gateway's clock runs at seven eighths of ours at least, with two seconds of grace. */
export function natPmpEpochVerdict(before: EpochReading | undefined, now: EpochReading): EpochVerdict {
  if (!before) return 'first';
  const elapsed = (now.at - before.at) / 1_000;
  return now.epoch < before.epoch + (elapsed * 7) / 8 - 2 ? 'lost' : 'steady';
}
