/** RTP packets of one medium, packetised once, with the moments at which they are due. */
export interface RtpTrack {
  readonly payloadType: number;
  /** Hz. */
  readonly clockRate: number;
  /** All packets one after another, as they were made: sequence, timestamp and SSRC are overwritten for each viewer. */
  readonly bytes: Uint8Array;
  /** Where each packet begins in `bytes`; one more entry than packets. */
  readonly offsets: Uint32Array;
  /** RTP timestamp of each packet, counted from the content's beginning, modulo 2^32. */
  readonly timestamps: Uint32Array;
  /** When each packet is sent, in ms from the content's beginning; never decreasing. */
  readonly dueMs: Float64Array;
  /** Where the last frame ends, in ms from the content's beginning. */
  readonly endMs: number;
}

/** What {@link trackOf} is made from. */
export interface RawTrack {
  readonly payloadType: number;
  readonly clockRate: number;
  /** "H264", "MPEG4-GENERIC", ...; empty where unknown. */
  readonly encoding: string;
  readonly bytes: Uint8Array;
  readonly offsets: readonly number[];
  /** As they are in the packets. */
  readonly timestamps: readonly number[];
  /** The packets' timestamp at the content's beginning. */
  readonly zero: number;
}

/** Part of the time until the next frame over which the packets of a frame are spread. */
const spread = 0.8;

/**
 * Lays packets out in time. Frames are sent in the order in which they were packetised, which for pictures that are
 * predicted from later ones is not the order of their timestamps: the n-th frame sent is due at the n-th timestamp.
 */
export function trackOf(raw: RawTrack): RtpTrack {
  const { clockRate, zero } = raw;
  const timestamps = Uint32Array.from(raw.timestamps, (timestamp) => (timestamp - zero) >>> 0);
  // Packets of a frame share its timestamp and follow one another.
  const frames: number[] = [];
  for (let i = 0; i < timestamps.length; i++) if (i === 0 || timestamps[i] !== timestamps[i - 1]) frames.push(i);
  const times = unwrapped(frames.map((first) => timestamps[first] ?? 0)).sort((a, b) => a - b);
  const msOf = (ticks: number) => (ticks * 1000) / clockRate;
  const lastInterval = lastFrameTicks(raw, frames, times);
  const dueMs = new Float64Array(timestamps.length);
  for (const [n, first] of frames.entries()) {
    const time = times[n] ?? 0;
    const interval = n + 1 < times.length ? (times[n + 1] ?? 0) - time : lastInterval;
    const next = frames[n + 1] ?? timestamps.length;
    for (let i = first; i < next; i++) dueMs[i] = msOf(time + (spread * interval * (i - first)) / (next - first));
  }
  return {
    payloadType: raw.payloadType,
    clockRate,
    bytes: raw.bytes,
    offsets: Uint32Array.from(raw.offsets),
    timestamps,
    dueMs,
    endMs: msOf((times.at(-1) ?? 0) + lastInterval),
  };
}

/** 32-bit timestamps as numbers that do not wrap; each is within 2^31 of the one before it. */
function unwrapped(timestamps: readonly number[]): number[] {
  let last = 0;
  return timestamps.map((timestamp) => {
    last += (timestamp - last) | 0;
    return last;
  });
}

/** How long the last frame lasts: as long as the one before it, in proportion to what they hold. */
function lastFrameTicks(raw: RawTrack, frames: readonly number[], times: readonly number[]): number {
  const last = frames.at(-1);
  const before = frames.at(-2);
  if (last === undefined || before === undefined) return Math.round(raw.clockRate / 25);
  const interval = (times.at(-1) ?? 0) - (times.at(-2) ?? 0);
  const units = (index: number) => accessUnits(raw, index);
  return Math.round((interval * units(last)) / units(before));
}

/** How many access units a packet of RFC 3640 holds; 1 for other encodings. */
function accessUnits(raw: RawTrack, index: number): number {
  if (raw.encoding.toUpperCase() !== 'MPEG4-GENERIC') return 1;
  const start = (raw.offsets[index] ?? 0) + 12;
  const headerBits = ((raw.bytes[start] ?? 0) << 8) | (raw.bytes[start + 1] ?? 0);
  // AAC-hbr: 13 bits of size and 3 of index for each unit.
  return Math.max(1, Math.floor(headerBits / 16));
}
