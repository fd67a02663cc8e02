import type { Clock, Endpoint } from '@sluice/model';
import { buildRtcp, canonicalName, ntpOf, parseRtcp, type RtcpPacket } from '@sluice/wire/rtp';
import type { SrtpSender } from '@sluice/wire/srtp';
import type { Paced, Pacer } from './pacer.ts';
import type { DatagramPort } from './ports.ts';
import type { RtpStream } from './rtp-stream.ts';

/** Between sender reports, on average; each time 0.5 to 1.5 of it, so that streams do not report in step (RFC 3550 6.2). */
const reportMs = 2_000;

/** How one RTCP stream is sent to one viewer. */
export interface RtcpSending {
  readonly rtp: RtpStream;
  readonly port: DatagramPort;
  readonly to: Endpoint;
  /** Left out, it is sent in the clear. */
  readonly srtp?: SrtpSender | undefined;
  /** The same for all media of one viewer (RFC 7022): players keep those together. */
  readonly cname: string;
  readonly pacer: Pacer;
  /** Tells the time of day. */
  readonly wall: Clock;
  /** 0 to 1. */
  readonly random: () => number;
}

/** The reports beside one viewer's RTP stream: sender reports out, receiver reports in, a goodbye at the end. */
export class RtcpStream implements Paced {
  readonly #how: RtcpSending;
  /** Time of day less the pacer's, in ms: taken once, so that reports never disagree when the machine's clock is set. */
  readonly #wallOffset: number;
  #nextMs: number;
  #begun = false;
  #over = false;
  #packets = 0;
  #bytes = 0;

  constructor(how: RtcpSending) {
    this.#how = how;
    this.#nextMs = how.pacer.nowMs();
    this.#wallOffset = how.wall.now() - this.#nextMs;
    void how.rtp.done.then(() => this.stop());
  }

  get dueMs(): number | undefined {
    return this.#over ? undefined : this.#nextMs;
  }

  get packetsSent(): number {
    return this.#packets;
  }

  get bytesSent(): number {
    return this.#bytes;
  }

  send(nowMs: number): void {
    this.#nextMs = nowMs + reportMs * (0.5 + this.#how.random());
    this.#begun = true;
    void this.#put(this.#report(nowMs));
  }

  /** Takes what the viewer sent to the RTCP port; what is no report of this stream is passed over. */
  take(datagram: Uint8Array): void {
    for (const packet of parseRtcp(datagram) ?? []) {
      if (packet.type !== 'receiver-report' && packet.type !== 'sender-report') continue;
      const block = packet.reports.find(({ ssrc }) => ssrc === this.#how.rtp.identity.ssrc);
      if (block) this.#how.rtp.report = block;
    }
  }

  /** Says goodbye, once, unless nothing was ever sent. Resolves when that is with the kernel. */
  async stop(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    if (!this.#begun) return;
    const { rtp, pacer } = this.#how;
    await this.#put([...this.#report(pacer.nowMs()), { type: 'goodbye', ssrcs: [rtp.identity.ssrc] }]);
  }

  #report(nowMs: number): RtcpPacket[] {
    const { rtp, cname } = this.#how;
    const { ssrc } = rtp.identity;
    return [
      {
        type: 'sender-report',
        ssrc,
        ntp: ntpOf(nowMs + this.#wallOffset),
        rtpTimestamp: rtp.timestampAt(nowMs),
        packets: rtp.packetsSent >>> 0,
        octets: rtp.octetsSent >>> 0,
        reports: [],
      },
      { type: 'source-description', chunks: [{ ssrc, items: [{ type: canonicalName, text: cname }] }] },
    ];
  }

  #put(packets: readonly RtcpPacket[]): Promise<void> {
    const bytes = buildRtcp(packets);
    return new Promise((resolve) =>
      this.#how.port.send([this.#how.srtp?.protectRtcp(bytes) ?? bytes], this.#how.to, (error) => {
        if (!error) {
          this.#packets++;
          this.#bytes += bytes.length;
        }
        resolve();
      }),
    );
  }
}
