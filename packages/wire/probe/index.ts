/**
 * A packet that tries an opening before its verdict. It is of the opening's stream type, so that a gateway which checks
 * types takes it for one of the stream: a head of 12 octets (RTP, RFC 3550 5.1; RTCP APP, 6.7; zeros for anything else),
 * 8 octets that no stream begins with, and the number of the trial, 16 octets.
 */

/** Octets of a probe. */
export const probeLength = 36;
/** Octets of a trial's number. */
export const trialLength = 16;

const headLength = 12;
/** "SLUICE" between two octets that text does not have. */
const mark = Uint8Array.of(0xf1, 0x53, 0x4c, 0x55, 0x49, 0x43, 0x45, 0x0e);
const version = 2 << 6;
const appPacket = 204;
const defaultPayloadType = 96;

/** What a probe is made for. */
export interface ProbedStream {
  readonly streamType: 'tcp' | 'udp' | 'rtp' | 'rtcp' | 'rtp-mux' | 'sctp' | 'esp';
  /** RTP payload type, for `rtp`. */
  readonly payloadType?: number | undefined;
}

/** Writes a probe. Throws RangeError where `trial` is not of {@link trialLength} octets. */
export function writeProbe(
  { streamType, payloadType = defaultPayloadType }: ProbedStream,
  trial: Uint8Array,
): Uint8Array {
  if (trial.length !== trialLength) throw new RangeError(`a trial's number has ${trialLength} octets`);
  const bytes = new Uint8Array(probeLength);
  const view = new DataView(bytes.buffer);
  if (streamType === 'rtp' || streamType === 'rtp-mux') {
    bytes[0] = version;
    bytes[1] = payloadType & 0x7f;
    bytes.set(trial.subarray(0, 4), 8);
  } else if (streamType === 'rtcp') {
    bytes[0] = version;
    bytes[1] = appPacket;
    // In 32-bit words, less one.
    view.setUint16(2, probeLength / 4 - 1);
    bytes.set(trial.subarray(0, 4), 4);
    bytes.set(mark.subarray(1, 5), 8);
  }
  bytes.set(mark, headLength);
  bytes.set(trial, headLength + mark.length);
  return bytes;
}

/** The trial that a packet belongs to; undefined where it is no probe. */
export function readProbe(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length !== probeLength) return undefined;
  for (let i = 0; i < mark.length; i++) if (bytes[headLength + i] !== mark[i]) return undefined;
  return bytes.slice(headLength + mark.length);
}
