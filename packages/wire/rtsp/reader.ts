import type { RtspItem } from './message.ts';

/** Bytes that are no RTSP: what is wrong, and at which octet of the connection. The connection is of no more use. */
export class RtspMalformed extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(`${message} (at octet ${offset})`);
    this.name = 'RtspMalformed';
    this.offset = offset;
  }
}

/** Longest start line with headers, and longest body, that are read, in octets. */
export const longestRtspHead = 16384;
export const longestRtspBody = 65536;
/** Most header fields of one message. */
export const mostRtspHeaders = 64;

const dollar = 0x24;
const empty = new Uint8Array();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Takes the octets of one RTSP connection as they come and gives the messages and interleaved packets in them. */
export class RtspReader {
  #left: Uint8Array = empty;
  /** Octets of the connection before `#left`. */
  #offset = 0;
  /** How far `#left` was searched for the end of a head. */
  #searched = 0;
  /** Octets of the message in `#left` whose head is complete; 0 for none. Its head is not read again before. */
  #wanted = 0;

  /** What became complete with these octets, in order. Throws {@link RtspMalformed}; then nothing more can be read. */
  push(bytes: Uint8Array): readonly RtspItem[] {
    const data = this.#left.length === 0 ? bytes : joined(this.#left, bytes);
    const items: RtspItem[] = [];
    let at = 0;
    for (;;) {
      // RFC 2326 4.1: empty lines before a message are ignored.
      while (data[at] === 0x0d || data[at] === 0x0a) at++;
      const next = data[at] === dollar ? readFrame(data, at) : this.#readMessage(data, at);
      if (!next) break;
      items.push(next.item);
      at = next.end;
      this.#searched = 0;
      this.#wanted = 0;
    }
    this.#left = at === data.length ? empty : data.subarray(at);
    this.#offset += at;
    return items;
  }

  #readMessage(data: Uint8Array, at: number): { item: RtspItem; end: number } | undefined {
    if (data.length - at < this.#wanted) return undefined;
    const headEnd = findHeadEnd(data, at + Math.max(0, this.#searched - 3), at);
    const seen = (headEnd ?? data.length) - at;
    if (seen > longestRtspHead)
      throw new RtspMalformed(`head of more than ${longestRtspHead} octets`, this.#offset + at);
    if (headEnd === undefined) {
      this.#searched = data.length - at;
      return undefined;
    }
    const lines = this.#readLines(data.subarray(at, headEnd), at);
    const headers = this.#readHeaders(lines, at);
    const length = headers.get('content-length') ?? '0';
    if (!/^\d{1,7}$/.test(length) || Number(length) > longestRtspBody) {
      throw new RtspMalformed(`content length ${length.slice(0, 20)}`, this.#offset + at);
    }
    const end = headEnd + Number(length);
    if (end > data.length) {
      this.#wanted = end - at;
      return undefined;
    }
    return { item: this.#readStart(lines[0] ?? '', headers, data.slice(headEnd, end), at), end };
  }

  /** Lines of a head, the empty one left out. RFC 2326 4: the character set is UTF-8. */
  #readLines(head: Uint8Array, at: number): string[] {
    const lines = decoder.decode(head).split(/\r?\n/);
    while (lines.at(-1) === '') lines.pop();
    if (lines.some((line) => /[\r\0]/.test(line))) throw new RtspMalformed('a bare CR or a NUL', this.#offset + at);
    return lines;
  }

  #readHeaders(lines: readonly string[], at: number): Map<string, string> {
    if (lines.length > mostRtspHeaders + 1) throw new RtspMalformed('too many headers', this.#offset + at);
    const headers = new Map<string, string>();
    let last = '';
    for (const line of lines.slice(1)) {
      if (/^[ \t]/.test(line) && last) {
        headers.set(last, trimBlanks(`${headers.get(last)} ${trimBlanks(line)}`));
        continue;
      }
      const colon = line.indexOf(':');
      last = trimBlanks(line.slice(0, Math.max(0, colon))).toLowerCase();
      if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(last)) throw new RtspMalformed('not a header line', this.#offset + at);
      const value = trimBlanks(line.slice(colon + 1));
      const before = headers.get(last);
      headers.set(last, before === undefined ? value : trimBlanks(`${before}, ${value}`));
    }
    return headers;
  }

  #readStart(line: string, headers: Map<string, string>, body: Uint8Array, at: number): RtspItem {
    const response = /^RTSP\/1\.\d ([1-5]\d\d)(?: (.*))?$/s.exec(line);
    if (response) {
      return { kind: 'response', status: Number(response[1]), reason: response[2] ?? '', headers, body };
    }
    const request = /^([A-Z_]{1,32}) (\S+) RTSP\/1\.\d$/.exec(line);
    if (!request) throw new RtspMalformed('not an RTSP request or response', this.#offset + at);
    return { kind: 'request', method: request[1] ?? '', uri: request[2] ?? '', headers, body };
  }
}

function readFrame(data: Uint8Array, at: number): { item: RtspItem; end: number } | undefined {
  const [, channel, high, low] = data.subarray(at, at + 4);
  if (channel === undefined || high === undefined || low === undefined) return undefined;
  const end = at + 4 + (high << 8) + low;
  if (end > data.length) return undefined;
  return { item: { kind: 'frame', channel, payload: data.subarray(at + 4, end) }, end };
}

/** Where the octet after the empty line is; lines end in CRLF or, from lenient senders, in LF. */
function findHeadEnd(data: Uint8Array, from: number, start: number): number | undefined {
  for (let lf = data.indexOf(0x0a, from); lf >= 0; lf = data.indexOf(0x0a, lf + 1)) {
    const previous = data[lf - 1] === 0x0d ? lf - 2 : lf - 1;
    if (previous >= start && data[previous] === 0x0a) return lf + 1;
    if (lf - start > longestRtspHead) return lf + 1;
  }
  return undefined;
}

/** Without the blanks around it: SP and HT, as RFC 2326 knows no others. */
function trimBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text[start])) start++;
  while (end > start && isBlank(text[end - 1])) end--;
  return text.slice(start, end);
}

const isBlank = (character: string | undefined) => character === ' ' || character === '\t';

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
