import { timingSafeEqual } from 'node:crypto';
import { type Refusal, refuse } from '@sluice/model';

/** The header that a page of this screen proves itself with when it changes something. */
export const tokenHeader = 'x-screen-token';

/** The parts of a request that say who sent it. */
export interface Claim {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * Why a request is not served; undefined if it may be. Names that are not this device's own are not answered to, so that
 * no page of somewhere else reaches the screen by pointing its own name here; and only a page of this screen changes
 * anything.
 */
export function refusalOf({ method, headers }: Claim, token: string): Refusal | undefined {
  const host = String(headers.host ?? '');
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i.test(host)) {
    return refuse('not-permitted', 'the screen answers to 127.0.0.1 and localhost alone');
  }
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${host}`) {
    return refuse('not-permitted', 'another site may not use the screen');
  }
  if (method === 'GET' || method === 'HEAD') return undefined;
  if (!isSame(String(headers[tokenHeader] ?? ''), token)) {
    return refuse('not-permitted', 'load the page again: it was made before the screen was started');
  }
  return undefined;
}

/** Whether a page was opened by this screen's own pages or by the person, not by a link of another site. */
export function isOwnNavigation(headers: Claim['headers']): boolean {
  const site = headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none';
}

function isSame(text: string, token: string): boolean {
  const [given, wanted] = [Buffer.from(text), Buffer.from(token)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
