import type { MeetingAnswer } from '@sluice/api';
import { type Clock, type Endpoint, formatEndpoint } from '@sluice/model';
import { buildRtp, parseRtp } from '@sluice/wire/rtp';
import type { UdpPort } from '../io/udp-port.ts';

/** What a call's tone came to, at this end. */
export interface ToneResult {
  readonly sent: number;
  readonly received: number;
  /** Of the other party's packets, by their numbers, up to the last that came. */
  readonly lost: number;
  /** From the answer to the other party's first packet, ms; left out where none came. */
  readonly firstMs?: number;
  /** Where packets came from. */
  readonly from: readonly string[];
}

/** G.711 mu-law (RFC 3551 4.5.14): a packet of 160 octets each 20 ms. */
const packetMs = 20;
const samplesPerPacket = 160;
const payloadType = 0;
/** 440 Hz at 8 kHz. */
const toneHz = 440;

/** Sends a tone to the other party from `port` and counts what comes, from now until `stop`. Both parties may begin at once. */
export function exchangeTone(
  port: UdpPort,
  { remote }: MeetingAnswer['streams'][number],
  { clock, stopwatch, random }: { readonly clock: Clock; stopwatch(): number; random(): number },
): { stop(): ToneResult } {
  const began = stopwatch();
  const ssrc = Math.floor(random() * 2 ** 32);
  const seen = new Set<number>();
  const from = new Set<string>();
  let highest = -1;
  let firstMs: number | undefined;
  let sent = 0;
  port.receive((bytes, sender: Endpoint) => {
    const packet = parseRtp(bytes);
    if (packet?.payloadType !== payloadType) return;
    firstMs ??= Math.round((stopwatch() - began) * 100) / 100;
    from.add(formatEndpoint(sender));
    seen.add(packet.sequence);
    highest = Math.max(highest, packet.sequence);
  });
  let cancel = () => {};
  const send = () => {
    const payload = toneFrom(sent * samplesPerPacket);
    const timestamp = sent * samplesPerPacket;
    const header = { payloadType, marker: sent === 0, sequence: sent % 65_536, timestamp, ssrc };
    port.send(buildRtp({ ...header, csrcs: [], payload, padding: 0 }), remote);
    sent++;
    cancel = clock.after(packetMs, send);
  };
  send();
  return {
    stop() {
      cancel();
      const lost = highest + 1 - seen.size;
      return { sent, received: seen.size, lost, from: [...from], ...(firstMs !== undefined && { firstMs }) };
    },
  };
}

function toneFrom(sample: number): Uint8Array {
  return Uint8Array.from({ length: samplesPerPacket }, (_, index) =>
    muLaw(Math.round(Math.sin((2 * Math.PI * toneHz * (sample + index)) / 8_000) * 8_000)),
  );
}

/** A 16 bit sample as ITU-T G.711 mu-law. */
function muLaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), 32_635) + 132;
  const exponent = Math.max(0, 31 - Math.clz32(magnitude) - 7);
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff;
}
