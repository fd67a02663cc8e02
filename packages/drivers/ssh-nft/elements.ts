import { createHash } from 'node:crypto';
import { familyOf, type GrantedOpening, transportOf } from '@sluice/model';
import type { GatewayRuleset } from './port.ts';

/** One element of a set or a map, in the words of nft(8). */
export interface Element {
  readonly set: string;
  readonly key: string;
  readonly data?: string;
  readonly comment?: string;
  /** Ends by itself with its opening; the counter's does not, so that a renewal leaves it alone. */
  readonly leased: boolean;
}

/** Stands before an opening's id in the comment of its first element: what has none is not ours. */
export const mark = 'sluice-ssh:';

/** Longer than any session: a counter whose opening ended by itself is gone then. */
export const counterSeconds = 14 * 86_400;

/**
 * The number of which the opening's in the kernel is made. Made of its id, which is never used twice. Two of 1,000
 * openings held at once share one with a chance of 1 in 8,600 (of 20 in guest mode, 1 in 44,000); the second is refused
 * then.
 */
export function numberOf(id: string): number {
  return createHash('sha256').update(id).digest().readUInt32BE(0) || 1;
}

/** Every element of an opening; the first names it. Its id, addresses and ports are the only words from outside. */
export function elementsOf(opening: GrantedOpening, ruleset: GatewayRuleset): readonly Element[] {
  const { id, streamType, remote, global, local } = opening;
  if (!/^[A-Za-z][A-Za-z0-9-]{0,62}$/.test(id)) throw new RangeError(`not an opening's id: ${JSON.stringify(id)}`);
  const number = numberText(ruleset.numberOf(opening, numberOf(id)));
  const protocol = transportOf(streamType);
  const family = familyOf(global.address);
  const shape = remote.port === undefined ? 'sa' : 'sap';
  const far = remote.port === undefined ? [remote.address] : [remote.address, remote.port];
  const common: Element[] = [
    {
      set: `in${family}_${shape}`,
      key: [protocol, ...far, global.address, global.port].join(' . '),
      data: number,
      comment: `${mark}${id}`,
      leased: true,
    },
    { set: 'live', key: number, data: numberText(ruleset.codeOf(opening)), leased: true },
    { set: 'counted', key: number, leased: false },
    ...ruleset.numberSets.map((set) => ({ set, key: number, leased: true })),
  ];
  if (family === 6 || !ruleset.translates) return common;
  return [
    ...common,
    {
      set: `out4_${shape}`,
      key: [protocol, local.address, local.port, ...far].join(' . '),
      data: number,
      leased: true,
    },
    { set: 'local4', key: number, data: `${local.address} . ${local.port}`, leased: true },
    { set: 'global4', key: number, data: `${global.address} . ${global.port}`, leased: true },
  ];
}

/** As nft(8) writes a mark. */
export function numberText(number: number): string {
  return `0x${number.toString(16).padStart(8, '0')}`;
}
