import type { ContentStream, Endpoint } from '@sluice/model';
import { looksLikeRtcp, parseRtcp, parseRtpHeader, ReceptionTally, type RtpHeader } from '@sluice/wire/rtp';
import type { StreamCounts } from './statistics.ts';

/** Counts what arrives on one UDP port. */
export interface DatagramReceiver {
  /** One datagram at `atMs` of the stopwatch. True: it is the stream's. */
  take(bytes: Uint8Array, from: Endpoint, atMs: number): boolean;
  counts(): StreamCounts;
}

/** Counts an RTP stream; with `rtcp` also what shares its port (RFC 7983). `packet` gets each packet of the stream. */
export class RtpReceiver implements DatagramReceiver {
  readonly tally: ReceptionTally;
  readonly #remote: Endpoint;
  readonly #clockRate: number;
  readonly #payloadType: number | undefined;
  readonly #packet: (bytes: Uint8Array, header: RtpHeader) => void;
  readonly #rtcp: RtcpReceiver | undefined;
  #packets = 0;
  #bytes = 0;
  #strays = 0;
  #malformed = 0;
  /** Set by the stream's RTCP. */
  ended = false;

  constructor(
    stream: Pick<ContentStream, 'remote' | 'payloadType' | 'streamType'>,
    clockRate: number,
    packet: (bytes: Uint8Array, header: RtpHeader) => void,
    control?: (bytes: Uint8Array) => void,
  ) {
    this.tally = new ReceptionTally(clockRate);
    this.#remote = stream.remote;
    this.#clockRate = clockRate;
    this.#payloadType = stream.payloadType;
    this.#packet = packet;
    this.#rtcp = stream.streamType === 'rtp-mux' ? new RtcpReceiver(stream, this, control) : undefined;
  }

  take(bytes: Uint8Array, from: Endpoint, atMs: number): boolean {
    if (!isSame(from, this.#remote)) {
      this.#strays++;
      return false;
    }
    if (this.#rtcp && (looksLikeRtcp(bytes) || !isRtp(bytes))) return this.#rtcp.take(bytes, from, atMs);
    const header = parseRtpHeader(bytes);
    const isFit = header && (this.#payloadType === undefined || header.payloadType === this.#payloadType);
    if (!isFit || !this.tally.count(header, atMs)) {
      this.#malformed++;
      return false;
    }
    this.#packets++;
    this.#bytes += bytes.length;
    this.#packet(bytes, header);
    return true;
  }

  counts(): StreamCounts {
    const { lost, reordered, duplicates, jitter } = this.tally.reception();
    return {
      packetsReceived: this.#packets,
      bytesReceived: this.#bytes,
      strays: this.#strays,
      malformed: this.#malformed,
      lost,
      reordered,
      duplicates,
      jitterMs: Math.round((jitter * 100_000) / this.#clockRate) / 100,
      ended: this.ended,
    };
  }
}

/** Counts RTCP, and tells its RTP stream what the server says there. */
export class RtcpReceiver implements DatagramReceiver {
  readonly #remote: Endpoint;
  readonly #partner: RtpReceiver | undefined;
  readonly #control: ((bytes: Uint8Array) => void) | undefined;
  #packets = 0;
  #bytes = 0;
  #strays = 0;
  #malformed = 0;
  #ended = false;

  constructor(
    stream: Pick<ContentStream, 'remote'>,
    partner: RtpReceiver | undefined,
    control?: (bytes: Uint8Array) => void,
  ) {
    this.#remote = stream.remote;
    this.#partner = partner;
    this.#control = control;
  }

  take(bytes: Uint8Array, from: Endpoint, atMs: number): boolean {
    if (!isSame(from, this.#remote)) {
      this.#strays++;
      return false;
    }
    const packets = parseRtcp(bytes);
    if (!packets) {
      this.#malformed++;
      return false;
    }
    this.#packets++;
    this.#bytes += bytes.length;
    for (const packet of packets) {
      if (packet.type === 'sender-report') this.#partner?.tally.noteSenderReport(packet.ntp, atMs);
      if (packet.type === 'goodbye') {
        this.#ended = true;
        if (this.#partner) this.#partner.ended = true;
      }
    }
    this.#control?.(bytes);
    return true;
  }

  counts(): StreamCounts {
    return {
      packetsReceived: this.#packets,
      bytesReceived: this.#bytes,
      strays: this.#strays,
      malformed: this.#malformed,
      ended: this.#ended,
    };
  }
}

/** Counts datagrams of any kind. */
export class PlainReceiver implements DatagramReceiver {
  readonly #remote: Endpoint;
  #packets = 0;
  #bytes = 0;
  #strays = 0;

  constructor(stream: Pick<ContentStream, 'remote'>) {
    this.#remote = stream.remote;
  }

  take(bytes: Uint8Array, from: Endpoint): boolean {
    if (!isSame(from, this.#remote)) {
      this.#strays++;
      return false;
    }
    this.#packets++;
    this.#bytes += bytes.length;
    return true;
  }

  counts(): StreamCounts {
    const { packets, bytes, strays } = { packets: this.#packets, bytes: this.#bytes, strays: this.#strays };
    return { packetsReceived: packets, bytesReceived: bytes, strays, malformed: 0, ended: false };
  }
}

function isSame(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.address === b.address;
}

function isRtp(bytes: Uint8Array): boolean {
  return (bytes[0] ?? 0) >> 6 === 2;
}
