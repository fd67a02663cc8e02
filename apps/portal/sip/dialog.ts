import { createHmac } from 'node:crypto';
import { formatEndpoint } from '@sluice/model';
import type { OfferedStream, StreamEnd } from '@sluice/wire/sdp';
import {
  headerOf,
  headersOf,
  parseAddress,
  parseCSeq,
  parseSipUri,
  type SipRequest,
  type SipResponse,
  withHeaderOnTop,
  withHeaders,
  withoutTop,
} from '@sluice/wire/sip';
import { branchCookie, viaOf } from './own-requests.ts';
import type { PhoneFlow } from './phone-flow.ts';

/** Of two parties, who called and who was called. */
export type Side = 'caller' | 'callee';

/** The other one. */
export const other = { caller: 'callee', callee: 'caller' } as const;

/** What is known of one party of a call. */
export interface Party {
  readonly user: string;
  flow: PhoneFlow;
  /** Where it wants to be asked, as it said last. */
  contact: string;
  /** The From or To value that names it, with its tag once it has one. */
  address: string;
  /** Of its own last request. */
  cseq: number;
  streams: readonly OfferedStream[];
  /** Where it is received from outside, by section; none within one home. */
  ends: readonly (StreamEnd | undefined)[];
}

/** Both parties of a call. */
export type Parties = Readonly<Record<Side, Party>>;

/** Takes in what a request of a party says of it. */
export function learn(party: Party, request: SipRequest): void {
  party.cseq = Math.max(party.cseq, parseCSeq(headerOf(request, 'cseq') ?? '')?.number ?? 0);
  const contact = parseAddress(headersOf(request, 'contact')[0] ?? '')?.uri;
  if (contact !== undefined && parseSipUri(contact)) party.contact = contact;
}

/** A request of one party as it goes to the other: by way of the portal, and back the same way (RFC 3261 16.6, RFC 5658). */
export function passedOn(request: SipRequest, from: PhoneFlow, to: PhoneFlow, branchKey: Uint8Array): SipRequest {
  const [via = ''] = headersOf(request, 'via');
  // The same each time the same comes, so that it is the same to who gets it (RFC 3261 16.11).
  const branch = createHmac('sha256', branchKey).update(via).digest('hex').slice(0, 32);
  const hops = Number(headerOf(request, 'max-forwards') ?? 70) - 1;
  let going = withHeaders(withoutOwnRoutes(request, from), 'Max-Forwards', [String(hops)]);
  if (request.method === 'INVITE') {
    going = withHeaderOnTop(going, 'Record-Route', routeOver(from));
    going = withHeaderOnTop(going, 'Record-Route', routeOver(to));
  }
  return withHeaderOnTop(going, 'Via', viaOf(to, `${branchCookie}-${branch}`));
}

/** A request to one party in the name of the other, without a Via. `callId` and numbers are the dialog's. */
export function inTheNameOfOther(
  { method, callId, seq }: { readonly method: string; readonly callId: string; readonly seq: number },
  side: Side,
  parties: Parties,
  to = parties[side].address,
): SipRequest {
  const headers = [
    { name: 'From', value: parties[other[side]].address },
    { name: 'To', value: to },
    { name: 'Call-ID', value: callId },
    { name: 'CSeq', value: `${seq} ${method}` },
    { name: 'Max-Forwards', value: '70' },
  ];
  return { kind: 'request', method, uri: parties[side].contact, headers, body: new Uint8Array() };
}

/** CANCEL of an INVITE that went on, or ACK of how it ended (RFC 3261 9.1, 17.1.1.3); `to` is of the response. */
export function ofInvite(
  method: 'CANCEL' | 'ACK',
  invite: SipRequest,
  seq: number,
  to = headerOf(invite, 'to'),
): SipRequest {
  const [via = ''] = headersOf(invite, 'via');
  const kept = ['From', 'Call-ID', 'Max-Forwards'].map((name) => ({ name, value: headerOf(invite, name) ?? '' }));
  const headers = [{ name: 'Via', value: via }, ...kept, { name: 'To', value: to ?? '' }];
  const numbered = [...headers, { name: 'CSeq', value: `${seq} ${method}` }];
  return { kind: 'request', method, uri: invite.uri, headers: numbered, body: new Uint8Array() };
}

/** Whether a request of `side` is of this very dialog: it names both tags. */
export function isOfDialog(request: SipRequest, side: Side, parties: Parties): boolean {
  const tagOf = (value: string | undefined) => parseAddress(value ?? '')?.params.get('tag');
  return (
    tagOf(headerOf(request, 'from')) === tagOf(parties[side].address) &&
    tagOf(headerOf(request, 'to')) === tagOf(parties[other[side]].address)
  );
}

/** A response of the portal's own to what opened no dialog: it has a tag like any other (RFC 3261 8.2.6.2). */
export function withTag(response: SipResponse): SipResponse {
  const to = headerOf(response, 'to') ?? '';
  return to.includes('tag=') ? response : withHeaders(response, 'To', [`${to};tag=sluice`]);
}

function routeOver({ transport, seen }: PhoneFlow): string {
  return `<sip:${formatEndpoint(seen.portal)};lr${transport === 'tcp' ? ';transport=tcp' : ''}>`;
}

/** Without the first Route values that are the portal's own. */
function withoutOwnRoutes(request: SipRequest, { seen }: PhoneFlow): SipRequest {
  let going = request;
  for (let [first] = headersOf(going, 'route'); first !== undefined; [first] = headersOf(going, 'route')) {
    const uri = parseSipUri(parseAddress(first)?.uri ?? '');
    if (uri?.host !== seen.portal.address) break;
    going = withoutTop(going, 'Route');
  }
  return going;
}
