import { canonicalName, type SipHeader, type SipMessage } from './message.ts';

/** Bytes that are no SIP. Of a connection nothing more can be read. */
export class SipMalformed extends Error {
  override readonly name = 'SipMalformed';
}

/** Longest head and longest body that are read, octets; most header fields of one message. */
export const longestSipHead = 16_384;
export const longestSipBody = 65_536;
export const mostSipHeaders = 128;

/** Two line ends between messages of a connection ask whether somebody is there (RFC 5626 3.5.1). */
export interface SipKeepAlive {
  readonly kind: 'keep-alive';
}

const empty = new Uint8Array();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Reads a datagram (RFC 3261 18.3); undefined where it is no message. What comes after its Content-Length is left out. */
export function parseSip(datagram: Uint8Array): SipMessage | undefined {
  const end = headEnd(datagram, 0);
  if (end === undefined || end > longestSipHead) return undefined;
  try {
    const head = readHead(datagram.subarray(0, end));
    const length = head.length ?? datagram.length - end;
    if (end + length > datagram.length) return undefined;
    return head.message(datagram.slice(end, end + length));
  } catch (error) {
    if (error instanceof SipMalformed) return undefined;
    throw error;
  }
}

/** Takes the octets of one connection as they come and gives the messages in them. */
export class SipReader {
  #left: Uint8Array = empty;
  #searched = 0;
  /** Octets of the message in `#left` whose head is complete; 0 for none. */
  #wanted = 0;

  /** What became complete with these octets, in order. Throws {@link SipMalformed}; then nothing more can be read. */
  push(bytes: Uint8Array): readonly (SipMessage | SipKeepAlive)[] {
    const data = this.#left.length === 0 ? bytes : joined(this.#left, bytes);
    const items: (SipMessage | SipKeepAlive)[] = [];
    let at = 0;
    for (;;) {
      at = pastLineEnds(data, at, items);
      const next = this.#read(data, at);
      if (!next) break;
      items.push(next.message);
      at = next.end;
      this.#searched = 0;
      this.#wanted = 0;
    }
    this.#left = at === data.length ? empty : data.subarray(at);
    return items;
  }

  #read(data: Uint8Array, at: number): { readonly message: SipMessage; readonly end: number } | undefined {
    if (data.length - at < this.#wanted) return undefined;
    const end = headEnd(data, at, Math.max(0, this.#searched - 3));
    if ((end ?? data.length) - at > longestSipHead) throw new SipMalformed('a head that is too long');
    if (end === undefined) {
      this.#searched = data.length - at;
      return undefined;
    }
    const head = readHead(data.subarray(at, end));
    // RFC 3261 18.3: a stream needs to be told where a body ends.
    if (head.length === undefined) throw new SipMalformed('no Content-Length');
    if (end + head.length > data.length) {
      this.#wanted = end - at + head.length;
      return undefined;
    }
    return { message: head.message(data.slice(end, end + head.length)), end: end + head.length };
  }
}

interface Head {
  /** Of the body, as it says. */
  readonly length: number | undefined;
  message(body: Uint8Array): SipMessage;
}

function readHead(bytes: Uint8Array): Head {
  const lines = decoder.decode(bytes).split(/\r?\n/);
  while (lines.at(-1) === '') lines.pop();
  if (lines.length > mostSipHeaders + 1) throw new SipMalformed('too many headers');
  if (lines.some((line) => /[\r\0]/.test(line))) throw new SipMalformed('a bare CR or a NUL');
  const headers: { name: string; value: string }[] = [];
  for (const line of lines.slice(1)) {
    const last = headers.at(-1);
    if (/^[ \t]/.test(line) && last) {
      last.value = `${last.value} ${line.trim()}`.trim();
      continue;
    }
    const [, name, value = ''] = /^([!%'*+.`~0-9A-Za-z_-]{1,64})[ \t]*:(.*)$/s.exec(line) ?? [];
    if (name === undefined) throw new SipMalformed('not a header line');
    headers.push({ name, value: value.trim() });
  }
  const length = lengthOf(headers);
  return { length, message: (body) => messageOf(lines[0] ?? '', headers, body) };
}

function lengthOf(headers: readonly SipHeader[]): number | undefined {
  const said = headers.filter(({ name }) => canonicalName(name) === 'content-length').map(({ value }) => value);
  const [first] = said;
  if (first === undefined) return undefined;
  // Two that differ are read in two ways by two readers: no message.
  if (!/^\d{1,7}$/.test(first) || Number(first) > longestSipBody || said.some((value) => value !== first))
    throw new SipMalformed('a Content-Length that cannot be');
  return Number(first);
}

function messageOf(start: string, headers: readonly SipHeader[], body: Uint8Array): SipMessage {
  if (body.length > longestSipBody) throw new SipMalformed('a body that is too long');
  const response = /^SIP\/2\.0 ([1-6]\d\d)(?: (.*))?$/s.exec(start);
  if (response) return { kind: 'response', status: Number(response[1]), reason: response[2] ?? '', headers, body };
  const [, method, uri] = /^([A-Z]{1,32}) (\S{1,1024}) SIP\/2\.0$/.exec(start) ?? [];
  if (method === undefined || uri === undefined) throw new SipMalformed('not a SIP request or response');
  return { kind: 'request', method, uri, headers, body };
}

/** Where the head that begins at `at` ends; undefined where it does not yet. */
function headEnd(data: Uint8Array, at: number, searched = 0): number | undefined {
  for (let i = at + searched; i < data.length; i++) {
    if (data[i] !== 0x0a) continue;
    if (data[i + 1] === 0x0a) return i + 2;
    if (data[i + 1] === 0x0d && data[i + 2] === 0x0a) return i + 3;
  }
  return undefined;
}

/** RFC 3261 7.5: line ends before a message mean nothing, but that two of them ask for one. */
function pastLineEnds(data: Uint8Array, at: number, items: (SipMessage | SipKeepAlive)[]): number {
  let next = at;
  while (data[next] === 0x0d || data[next] === 0x0a) next++;
  if (next - at >= 4) items.push({ kind: 'keep-alive' });
  return next;
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
