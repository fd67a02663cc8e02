/** Header fields by lower-case name; fields that came twice are joined by ", ". */
export type RtspHeaders = ReadonlyMap<string, string>;

/** A request (RFC 2326 6). */
export interface RtspRequest {
  readonly kind: 'request';
  readonly method: string;
  /** Absolute, or "*". */
  readonly uri: string;
  readonly headers: RtspHeaders;
  readonly body: Uint8Array;
}

/** A response (RFC 2326 7). */
export interface RtspResponse {
  readonly kind: 'response';
  /** 100..599 */
  readonly status: number;
  readonly reason: string;
  readonly headers: RtspHeaders;
  readonly body: Uint8Array;
}

/** Binary data interleaved with the messages (RFC 2326 10.12): one RTP or RTCP packet. */
export interface RtspFrame {
  readonly kind: 'frame';
  /** 0..255, agreed in SETUP's Transport header. */
  readonly channel: number;
  /** A view into the reader's bytes: copy it to keep it. */
  readonly payload: Uint8Array;
}

/** What comes over one RTSP connection. */
export type RtspItem = RtspRequest | RtspResponse | RtspFrame;

/** The octets of a request or a response. Content-Length is set from the body. Throws RangeError where a value would break a line. */
export function buildRtspMessage(message: RtspRequest | RtspResponse): Uint8Array {
  const start =
    message.kind === 'request'
      ? `${message.method} ${message.uri} RTSP/1.0`
      : `RTSP/1.0 ${message.status} ${message.reason}`;
  const lines = [start];
  for (const [name, value] of message.headers) {
    if (name !== 'content-length') lines.push(`${displayName(name)}: ${value}`);
  }
  if (message.body.length > 0) lines.push(`Content-Length: ${message.body.length}`);
  for (const line of lines) {
    if (/[\r\n\0]/.test(line)) throw new RangeError(`a line break inside ${JSON.stringify(line)}`);
  }
  const head = new TextEncoder().encode(`${lines.join('\r\n')}\r\n\r\n`);
  const bytes = new Uint8Array(head.length + message.body.length);
  bytes.set(head);
  bytes.set(message.body, head.length);
  return bytes;
}

/** A response to `request`: its CSeq and Session are repeated, then `headers` (lower-case names) are added. */
export function answerTo(
  request: RtspRequest,
  status: number,
  reason: string,
  headers: Readonly<Record<string, string>> = {},
  body: Uint8Array = new Uint8Array(),
): RtspResponse {
  const all = new Map<string, string>();
  for (const name of ['cseq', 'session']) {
    const value = request.headers.get(name);
    if (value !== undefined) all.set(name, value);
  }
  for (const [name, value] of Object.entries(headers)) all.set(name, value);
  return { kind: 'response', status, reason, headers: all, body };
}

/** The 4 octets before an interleaved packet. `length` is 0..65535. */
export function frameHeader(channel: number, length: number): Uint8Array {
  if (channel < 0 || channel > 255 || length < 0 || length > 65535) {
    throw new RangeError(`no interleaved frame: channel ${channel}, ${length} octets`);
  }
  return Uint8Array.of(0x24, channel, length >> 8, length & 0xff);
}

/** One interleaved packet, header and all. */
export function buildFrame(channel: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + payload.length);
  bytes.set(frameHeader(channel, payload.length));
  bytes.set(payload, 4);
  return bytes;
}

const irregular = new Map([
  ['cseq', 'CSeq'],
  ['rtp-info', 'RTP-Info'],
  ['www-authenticate', 'WWW-Authenticate'],
]);

function displayName(name: string): string {
  return irregular.get(name) ?? name.replace(/(^|-)[a-z]/g, (letters) => letters.toUpperCase());
}
