import { ReplayWindow } from './replay-window.ts';
import { type SrtpSuite, tagLength } from './suite.ts';
import { encryptedFlag, rtcpClearLength, rtcpIndexLength, type Transform } from './transform.ts';
import { transformOf } from './transform-of.ts';

/**
 * Why a datagram was dropped: it cannot be what it should be; it was not made with the key, or changed on the way; it was
 * taken before, or is too old to know.
 */
export type SrtpDropped = 'malformed' | 'unauthentic' | 'replayed';

/** Sources that may speak under one key at once. */
const mostSources = 8;
const rtpHeaderLength = 12;

/**
 * Takes the protection off what one sender sends. A datagram that is dropped changes nothing: neither indices nor sources
 * are believed before the datagram is authentic.
 */
export class SrtpReceiver {
  readonly #transform: Transform;
  readonly #tagLength: number;
  readonly #rtp = new Map<number, ReplayWindow>();
  readonly #rtcp = new Map<number, ReplayWindow>();

  /** `master` is the master key and the master salt. Throws RangeError where its length is not the suite's. */
  constructor(suite: SrtpSuite, master: Uint8Array) {
    this.#transform = transformOf(suite, master);
    this.#tagLength = tagLength(suite);
  }

  /** The RTP packet, as it was before it was protected. */
  unprotectRtp(bytes: Uint8Array): Uint8Array | SrtpDropped {
    const headerLength = rtpHeaderEnd(bytes);
    if (headerLength === undefined || bytes.length < headerLength + this.#tagLength) return 'malformed';
    const view = viewOf(bytes);
    const source = view.getUint32(8);
    const window = windowOf(this.#rtp, source);
    const index = window && guessIndex(view.getUint16(2), window.highest);
    if (window === undefined) return 'unauthentic';
    if (index === undefined || !window.isNew(index)) return 'replayed';
    const payload = this.#transform.openRtp(bytes, headerLength, Math.floor(index / 2 ** 16));
    if (!payload) return 'unauthentic';
    window.take(index);
    this.#rtp.set(source, window);
    return joined(bytes.subarray(0, headerLength), payload);
  }

  /** The RTCP compound, as it was before it was protected. One that is not encrypted is not taken. */
  unprotectRtcp(bytes: Uint8Array): Uint8Array | SrtpDropped {
    if (bytes.length < rtcpClearLength + rtcpIndexLength + this.#tagLength) return 'malformed';
    const view = viewOf(bytes);
    const word = this.#transform.rtcpIndexWord(bytes);
    if (view.getUint8(0) >> 6 !== 2 || word < encryptedFlag) return 'malformed';
    const source = view.getUint32(4);
    const index = word - encryptedFlag;
    const window = windowOf(this.#rtcp, source);
    if (window === undefined) return 'unauthentic';
    if (!window.isNew(index)) return 'replayed';
    const rest = this.#transform.openRtcp(bytes);
    if (!rest) return 'unauthentic';
    window.take(index);
    this.#rtcp.set(source, window);
    return joined(bytes.subarray(0, rtcpClearLength), rest);
  }
}

/** A source's window, a new one for a new source; undefined when there are too many. */
function windowOf(windows: ReadonlyMap<number, ReplayWindow>, source: number): ReplayWindow | undefined {
  return windows.get(source) ?? (windows.size < mostSources ? new ReplayWindow() : undefined);
}

/**
 * RFC 3711 3.3.1: of the packets with that sequence number the one that is nearest to the highest so far; undefined for
 * one before the first.
 */
function guessIndex(sequence: number, highest: number | undefined): number | undefined {
  if (highest === undefined) return sequence;
  const rollover = Math.floor(highest / 2 ** 16);
  const distance = sequence - (highest % 2 ** 16);
  const guessed = distance > 2 ** 15 ? rollover - 1 : distance < -(2 ** 15) ? rollover + 1 : rollover;
  return guessed < 0 || guessed >= 2 ** 32 ? undefined : guessed * 2 ** 16 + sequence;
}

/** Where the payload of an RTP packet begins; undefined where it is no RTP version 2. */
function rtpHeaderEnd(bytes: Uint8Array): number | undefined {
  if (bytes.length < rtpHeaderLength) return undefined;
  const view = viewOf(bytes);
  const first = view.getUint8(0);
  if (first >> 6 !== 2) return undefined;
  const end = rtpHeaderLength + (first & 0x0f) * 4;
  if ((first & 0x10) === 0) return end;
  return end + 4 > bytes.length ? undefined : end + 4 + view.getUint16(end + 2) * 4;
}

function joined(head: Uint8Array, rest: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + rest.length);
  bytes.set(head);
  bytes.set(rest, head.length);
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
