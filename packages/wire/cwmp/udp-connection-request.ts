import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a UDP connection request says (TR-069 G.2.2.3). */
export interface UdpConnectionRequest {
  /** Seconds since 1970. */
  readonly ts: number;
  /** Another number each time, 32 bits. */
  readonly id: number;
  readonly username: string;
  /** Hexadecimal digits, another each time. */
  readonly cnonce: string;
}

/** The datagram for a device listening at `host:port`: an HTTP request with a signature, which is never answered. */
export function connectionRequestText(request: UdpConnectionRequest, to: string, password: string): string {
  const { ts, id, username, cnonce } = request;
  const query = `ts=${ts}&id=${id}&un=${encodeURIComponent(username)}&cn=${cnonce}&sig=${signatureOf(request, password)}`;
  return `GET http://${to}?${query} HTTP/1.1\r\nHost: ${to}\r\n\r\n`;
}

/** What a datagram asks, where its signature is made with `password`; undefined where not, or where it is another text. */
export function readConnectionRequest(text: string, password: string): UdpConnectionRequest | undefined {
  const query = /^GET \S{0,512}?\?(\S{1,512}) HTTP\/1\.[01]\r\n/.exec(text)?.[1];
  if (query === undefined) return undefined;
  const said = new URLSearchParams(query);
  const [ts, id, sig, cnonce] = ['ts', 'id', 'sig', 'cn'].map((name) => said.get(name) ?? '');
  if (!/^\d{1,12}$/.test(ts ?? '') || !/^\d{1,10}$/.test(id ?? '') || !/^[0-9a-f]{40}$/i.test(sig ?? ''))
    return undefined;
  const request = { ts: Number(ts), id: Number(id), username: said.get('un') ?? '', cnonce: cnonce ?? '' };
  const right = timingSafeEqual(Buffer.from(signatureOf(request, password), 'hex'), Buffer.from(sig ?? '', 'hex'));
  return right ? request : undefined;
}

/** HMAC-SHA1 over the four values one after the other, in hexadecimal digits. */
function signatureOf({ ts, id, username, cnonce }: UdpConnectionRequest, password: string): string {
  return createHmac('sha1', password).update(`${ts}${id}${username}${cnonce}`).digest('hex').toUpperCase();
}
