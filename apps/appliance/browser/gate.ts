import { type Refusal, refuse } from '@sluice/model';

/** The parts of a request that say who sent it. */
export interface PageClaim {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * Why a request is not served at all; undefined where it may be. A name that is not this device's own is not answered to, so
 * that no page reaches the daemon as its own origin by pointing its own name here.
 */
export function barred({ headers }: PageClaim): Refusal | undefined {
  const host = String(headers.host ?? '');
  if (/^(127\.0\.0\.1|localhost)(:\d{1,5})?$/i.test(host)) return undefined;
  return refuse('not-permitted', 'the daemon answers to 127.0.0.1 and localhost alone');
}

/** The origin whose page asks; or why it may not. Only a browser that says which page asks is answered. */
export function askingPage({ method, headers }: PageClaim, isAllowed: (origin: string) => boolean): string | Refusal {
  const { origin } = headers;
  if (typeof origin !== 'string') return refuse('not-permitted', 'no page asks: there is no Origin');
  if (!isAllowed(origin))
    return refuse('not-permitted', `this device's household has not allowed ${origin.slice(0, 300)} to ask`);
  // What a form could send leaves without a preflight.
  const isForm = method === 'POST' && !/^application\/json\s*(;|$)/i.test(String(headers['content-type'] ?? ''));
  return isForm ? refuse('not-permitted', 'a page asks with application/json') : origin;
}

/** What lets a page of that origin read the answer (Fetch 3.3), and no other. */
export function readableBy(origin: string): Record<string, string> {
  return { 'access-control-allow-origin': origin, vary: 'Origin' };
}

/** The answer to a preflight of an allowed page: also to one about a device of its own network (Private Network Access). */
export function preflightFor(origin: string, { headers }: PageClaim): Record<string, string> {
  const isPrivate = headers['access-control-request-private-network'] === 'true';
  return {
    ...readableBy(origin),
    'access-control-allow-methods': 'GET, POST, DELETE',
    'access-control-allow-headers': 'content-type',
    // What the household takes back ends at once.
    'access-control-max-age': '0',
    ...(isPrivate && { 'access-control-allow-private-network': 'true' }),
  };
}

/** Whether the household's own page sent it: a form of this very address, in a browser that says so. */
export function isOwnForm({ headers }: PageClaim): boolean {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  return origin === `http://${String(host)}` && (site === undefined || site === 'same-origin');
}
