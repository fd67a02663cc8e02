import type { Cancel, Clock } from '@sluice/model';
import { buildRtcp, buildRtp, canonicalName, type ReceptionTally, type RtcpPacket } from '@sluice/wire/rtp';

/** A receiver in one RTP session: its own source number and its name (RFC 7022 4.2: new for each session). */
export interface Participant {
  /** 32 bits. */
  readonly ssrc: number;
  readonly name: string;
}

/** RFC 3550 6.2: the least interval between reports, ms. */
const intervalMs = 5_000;
/** RFC 3550 6.3.1: makes up for timer reconsideration's shorter intervals. */
const compensation = Math.E - 1.5;

/** A new participant; `random` gives 0..1. */
export function newParticipant(random: () => number): Participant {
  const part = () => Math.floor(random() * 2 ** 32);
  return { ssrc: part(), name: [part(), part(), part()].map((number) => number.toString(36)).join('-') };
}

/** A compound report (RFC 3550 6.1): what was received so far, and who says so. `goodbye` ends the participation. */
export function receiverReport(
  { ssrc, name }: Participant,
  tally: ReceptionTally | undefined,
  atMs: number,
  goodbye = false,
): Uint8Array {
  const block = tally?.reportBlock(atMs);
  const packets: RtcpPacket[] = [
    { type: 'receiver-report', ssrc, reports: block ? [block] : [] },
    { type: 'source-description', chunks: [{ ssrc, items: [{ type: canonicalName, text: name }] }] },
  ];
  if (goodbye) packets.push({ type: 'goodbye', ssrcs: [ssrc] });
  return buildRtcp(packets);
}

/** The first packet of an RTP stream that the appliance begins: a header alone (RFC 6263 4.4), of the agreed type. */
export function openingRtp({ ssrc }: Participant, payloadType: number, random: () => number): Uint8Array {
  return buildRtp({
    payloadType,
    marker: false,
    sequence: Math.floor(random() * 2 ** 16),
    timestamp: Math.floor(random() * 2 ** 32),
    ssrc,
    csrcs: [],
    payload: new Uint8Array(),
    padding: 0,
  });
}

/** Calls `report` again and again, at RFC 3550 6.3.1's randomised distances, until cancelled. */
export function everyReport(clock: Clock, random: () => number, report: () => void): Cancel {
  let cancel: Cancel = () => {};
  const wait = (least: number) => {
    cancel = clock.after((least * (0.5 + random())) / compensation, () => {
      report();
      wait(intervalMs);
    });
  };
  wait(intervalMs / 2);
  return () => cancel();
}
