import type { IpAddress } from '@sluice/model';
import {
  type ActionAnswer,
  type ActionRequest,
  buildRequest,
  IgdMalformed,
  longestSoap,
  parseAnswer,
  soapActionOf,
} from '@sluice/wire/igd';
import type { Place } from './place.ts';
import type { IgdDriverPorts } from './ports.ts';

/** A service of a gateway, and where it takes requests. */
export interface ServiceAt {
  readonly type: string;
  readonly version: number;
  readonly place: Place;
}

/**
 * What came of a request. A `fault` without a code is a no in other words: nothing was done. `not-sent`: nothing was
 * asked. `lost`: it was asked, and nobody knows.
 */
export type Reply =
  | ActionAnswer
  | { readonly kind: 'not-sent'; readonly reason: string }
  | { readonly kind: 'lost'; readonly reason: string };

function isLook({ action }: ActionRequest): boolean {
  return /^(Get|Check)/.test(action);
}

/** One SOAP exchange. Never throws, never retries. */
export async function askService(
  { place }: ServiceAt,
  request: ActionRequest,
  { http }: Pick<IgdDriverPorts, 'http'>,
  from: IpAddress | undefined,
  signal: AbortSignal,
  mostBytes = longestSoap,
): Promise<Reply> {
  const reply = await http(
    {
      method: 'POST',
      ...place,
      ...(from !== undefined && { from }),
      headers: { 'Content-Type': 'text/xml; charset="utf-8"', SOAPACTION: soapActionOf(request) },
      body: buildRequest(request),
      mostBytes,
    },
    signal,
  );
  if (reply.kind !== 'answer') return reply;
  const { status, body } = reply;
  try {
    const answer = parseAnswer(request, body, mostBytes);
    if (answer.kind === 'fault' || status < 300) return answer;
    return { kind: 'lost', reason: `a positive answer with the status ${status}` };
  } catch (error) {
    if (!(error instanceof IgdMalformed)) throw error;
    // What was not let in, moved away or is not there did nothing; nor did a look that failed, as some do at a table's end.
    const isRefusal = (status >= 300 && status < 500) || status === 501 || (status >= 500 && isLook(request));
    if (isRefusal) return { kind: 'fault', code: undefined, description: `HTTP status ${status}` };
    return { kind: 'lost', reason: error.message };
  }
}
