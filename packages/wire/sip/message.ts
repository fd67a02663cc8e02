/** One header field as it was written; names are compared without case, and compact forms are the long ones. */
export interface SipHeader {
  readonly name: string;
  readonly value: string;
}

/** A request (RFC 3261 7.1). */
export interface SipRequest {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
  /** In their order. */
  readonly headers: readonly SipHeader[];
  readonly body: Uint8Array;
}

/** A response (RFC 3261 7.2). */
export interface SipResponse {
  readonly kind: 'response';
  /** 100..699 */
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly SipHeader[];
  readonly body: Uint8Array;
}

/** What phones and proxies say to each other. */
export type SipMessage = SipRequest | SipResponse;

/** Compact forms (RFC 3261 7.3.3, RFC 4028 4). */
const compact: Readonly<Record<string, string>> = {
  i: 'call-id',
  m: 'contact',
  e: 'content-encoding',
  l: 'content-length',
  c: 'content-type',
  f: 'from',
  s: 'subject',
  k: 'supported',
  t: 'to',
  v: 'via',
  x: 'session-expires',
};

/** Fields whose values may stand in one line with commas between (RFC 3261 7.3.1), of those that are read here. */
const lists: ReadonlySet<string> = new Set([
  'via',
  'route',
  'record-route',
  'contact',
  'supported',
  'require',
  'proxy-require',
  'allow',
  'unsupported',
]);

/** A header's name as it is compared. */
export function canonicalName(name: string): string {
  const lower = name.toLowerCase();
  return compact[lower] ?? lower;
}

/** The first field of that name. */
export function headerOf({ headers }: Pick<SipMessage, 'headers'>, name: string): string | undefined {
  const wanted = canonicalName(name);
  return headers.find((header) => canonicalName(header.name) === wanted)?.value;
}

/** Every value of that name, those in one line parted. */
export function headersOf({ headers }: Pick<SipMessage, 'headers'>, name: string): readonly string[] {
  const wanted = canonicalName(name);
  const values = headers.filter((header) => canonicalName(header.name) === wanted).map(({ value }) => value);
  return lists.has(wanted) ? values.flatMap(partedByCommas) : values;
}

/** The message with these values of a name in place of those that it had, where the first of them was, or at the end. */
export function withHeaders<T extends SipMessage>(message: T, name: string, values: readonly string[]): T {
  const wanted = canonicalName(name);
  const at = message.headers.findIndex((header) => canonicalName(header.name) === wanted);
  const others = (headers: readonly SipHeader[]) => headers.filter((header) => canonicalName(header.name) !== wanted);
  const place = at < 0 ? message.headers.length : at;
  const fields = values.map((value) => ({ name, value }));
  return {
    ...message,
    headers: [...others(message.headers.slice(0, place)), ...fields, ...others(message.headers.slice(place))],
  };
}

/** The message with one value more, before all others of that name. */
export function withHeaderOnTop<T extends SipMessage>(message: T, name: string, value: string): T {
  return withHeaders(message, name, [value, ...headersOf(message, name)]);
}

/** The message without the first value of a name. */
export function withoutTop<T extends SipMessage>(message: T, name: string): T {
  return withHeaders(message, name, headersOf(message, name).slice(1));
}

/** A response to a request (RFC 3261 8.2.6): Via, From, To, Call-ID and CSeq are repeated, then `headers`. */
export function responseTo(
  request: SipRequest,
  status: number,
  reason: string,
  headers: readonly SipHeader[] = [],
  body: Uint8Array = new Uint8Array(),
): SipResponse {
  const repeated = new Set(['via', 'from', 'to', 'call-id', 'cseq']);
  const copied = request.headers.filter(({ name }) => repeated.has(canonicalName(name)));
  return { kind: 'response', status, reason, headers: [...copied, ...headers], body };
}

/** The octets of a message. Content-Length is written from the body. Throws RangeError where a value would break a line. */
export function buildSip(message: SipMessage): Uint8Array {
  const start =
    message.kind === 'request'
      ? `${message.method} ${message.uri} SIP/2.0`
      : `SIP/2.0 ${message.status} ${message.reason}`;
  const lines = [start];
  for (const { name, value } of message.headers)
    if (canonicalName(name) !== 'content-length') lines.push(`${name}: ${value}`);
  lines.push(`Content-Length: ${message.body.length}`);
  for (const line of lines)
    if (/[\r\n\0]/.test(line)) throw new RangeError(`a line break inside ${JSON.stringify(line.slice(0, 100))}`);
  const head = new TextEncoder().encode(`${lines.join('\r\n')}\r\n\r\n`);
  const bytes = new Uint8Array(head.length + message.body.length);
  bytes.set(head);
  bytes.set(message.body, head.length);
  return bytes;
}

/** The values between commas that stand in no quotes and no angle brackets. */
export function partedByCommas(text: string): readonly string[] {
  const parts: string[] = [];
  let from = 0;
  let isQuoted = false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (isQuoted) {
      if (character === '\\') at++;
      else if (character === '"') isQuoted = false;
    } else if (character === '"') isQuoted = true;
    else if (character === '<') depth = 1;
    else if (character === '>') depth = 0;
    else if (character === ',' && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}
