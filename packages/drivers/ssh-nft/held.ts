import {
  familyOf,
  type GrantedOpening,
  type Instant,
  isPort,
  type OpeningCounters,
  parseIpAddress,
} from '@sluice/model';
import { mark } from './elements.ts';
import type { ListedElement } from './listing.ts';
import type { GatewayRuleset } from './port.ts';

/** What a gateway was seen to hold. */
export interface Held {
  readonly ours: readonly { readonly opening: GrantedOpening; readonly counters: OpeningCounters }[];
  /** Elements that others made, and ours that lack a part: they let nothing in. */
  readonly foreign: number;
}

/** Openings out of a listing of the table. */
export function heldIn(
  listing: ReadonlyMap<string, readonly ListedElement[]>,
  ruleset: GatewayRuleset,
  now: Instant,
): Held {
  const byNumber = (set: string) => new Map((listing.get(set) ?? []).map((element) => [element.key[0], element]));
  const [live, counted, locals] = [byNumber('live'), byNumber('counted'), byNumber('local4')];
  const ours: { opening: GrantedOpening; counters: OpeningCounters }[] = [];
  let foreign = 0;
  for (const [set, elements] of listing) {
    if (!/^in[46]_/.test(set)) continue;
    for (const element of elements) {
      const [number = ''] = element.data;
      const opening = openingOf(element, set, live.get(number), locals.get(number), ruleset, now);
      const { packets = 0, bytes = 0 } = counted.get(number) ?? {};
      if (opening) ours.push({ opening, counters: { packets, bytes } });
      else foreign++;
    }
  }
  return { ours, foreign };
}

function openingOf(
  { key, comment = '', expiresMs = 0 }: ListedElement,
  set: string,
  live: ListedElement | undefined,
  local: ListedElement | undefined,
  ruleset: GatewayRuleset,
  now: Instant,
): GrantedOpening | undefined {
  const carried = ruleset.carriedBy(Number(live?.data[0]));
  if (!comment.startsWith(mark) || !carried) return undefined;
  const far = key.slice(1, -2);
  const withPort = set.endsWith('_sap');
  const remote = parseIpAddress(far[0] ?? '');
  const global = endpoint(key.slice(-2));
  const device = set.startsWith('in6') || !ruleset.translates ? global : endpoint(local?.data ?? []);
  if (remote === undefined || !global || !device || far.length !== (withPort ? 2 : 1)) return undefined;
  if (familyOf(remote) !== familyOf(global.address)) return undefined;
  return {
    id: comment.slice(mark.length),
    ...carried,
    remote: { address: remote, ...(withPort && { port: Number(far[1]) }) },
    global,
    globalPort: global.port,
    local: device,
    until: now + expiresMs,
  };
}

function endpoint([text = '', digits = '']: readonly string[]) {
  const address = parseIpAddress(text);
  const port = Number(digits);
  return address !== undefined && isPort(port) ? { address, port } : undefined;
}
