import type { ContentAnswer } from '@sluice/api';
import type { Family, Refusal, RefusalCode } from '@sluice/model';
import type { CallResult } from './caller.ts';
import type { ProbeReport } from './probe-report.ts';
import type { Target } from './probes.ts';
import { type Held, isNamed } from './weaker.ts';

/** One step of the run, and when it was reached: milliseconds from the run's beginning. */
export interface Step {
  readonly step: string;
  readonly ms: number;
}

/** What became of one stream, from both of its ends. */
export interface StreamReport {
  readonly id: string;
  readonly kind: Target['kind'];
  readonly family: Family;
  /** "203.0.113.10:7000" or "[2001:db8:1::10]:7000". */
  readonly remote: string;
  readonly globalAddress: string;
  readonly globalPort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly firstSpeaker: Target['firstSpeaker'];
  readonly packetsSent: number;
  readonly packetsReceived: number;
  /** Missing sequence numbers; for `rtp`. */
  readonly lost: number;
  /** Before protection. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** What protects it between media server and appliance. */
  readonly protection: 'srtp' | 'clear';
  /** Why nothing does. */
  readonly clearBecause?: string;
  /** Datagrams from the stream's own endpoint that were not made with its key: none of them was played. */
  readonly unauthentic: number;
  /** Frames that ffmpeg decodes from the recording; for `rtp`. */
  readonly decoded: number;
}

/** What was seen of one session. */
export interface Observations {
  readonly content: string;
  readonly family: Family;
  readonly steps: readonly Step[];
  readonly streams: readonly StreamReport[];
  readonly probes: readonly ProbeReport[];
  /** Openings that the gateway's kernel still holds after the session. */
  readonly openingsLeft: number;
  /** What the appliance itself had to complain of. */
  readonly complaints: readonly string[];
  /** Which promises the verdict says are held, by name; left out, all of them. */
  readonly held?: Held;
  /** What the verdict says besides, sentences. */
  readonly heldNotes?: readonly string[];
  /** Which packets the deployment itself saw come in before the verdict, where the gateway's word is not enough. */
  readonly checked?: ContentAnswer['probes'];
}

/** What was seen of a call between two devices. */
export interface CallReport {
  /** The way that it has to go. */
  readonly expected: 'direct' | 'gateways';
  readonly parties: readonly (CallResult & {
    readonly host: string;
    /** Where its packets came from when they came in at the other party. */
    readonly speaksFrom: string;
  })[];
  /** Openings in the kernels of both homes while they spoke. */
  readonly openingsMeanwhile: number;
  /** Packets of the call that came in at anybody who is on no way between the two. */
  readonly carriedByOthers: number;
}

/** The report of `npm start -- --once --json`. */
export interface OnceReport extends Omit<Observations, 'complaints' | 'openingsLeft'> {
  /** As in {@link Observations}; null where the run broke off before they were counted. */
  readonly openingsLeft: number | null;
  readonly verdict: 'pass' | 'fail';
  /** What the appliance was told, where there was no session. */
  readonly refusal?: Refusal;
  /** What came of a call, where that was it. */
  readonly call?: CallReport;
  /** Why it is no pass: sentences. */
  readonly reasons: readonly string[];
  /** What came in though it should not, as the verdict said that it might: sentences. */
  readonly remarks?: readonly string[];
}

/** What of the promises did not hold: a sentence each, none when all did. */
export function judge(seen: Observations): string[] {
  return [
    ...seen.complaints.map((complaint) => `The appliance: ${complaint}.`),
    ...(seen.streams.length === 0 ? ['No stream was opened.'] : seen.streams.flatMap(judgeStream)),
    ...seen.streams.flatMap((stream) => judgeTried(stream, seen.probes)),
    ...seen.probes.flatMap((probe) => judgeProbe(probe, seen)),
    ...(seen.openingsLeft === 0 ? [] : [`${seen.openingsLeft} openings were left after the session.`]),
  ];
}

/** What of a refusal is not as it should be: another one, or something that came in all the same. */
export function judgeRefusal(
  expected: RefusalCode,
  { refusal, probes, openingsLeft }: Pick<OnceReport, 'refusal' | 'probes' | 'openingsLeft'>,
): string[] {
  const wrong: string[] = [];
  if (!refusal) wrong.push(`There was a session; ${expected} was expected.`);
  else if (refusal.code !== expected) wrong.push(`Refused with ${refusal.code} instead: ${refusal.message}.`);
  for (const phase of ['before', 'after'] as const)
    for (const right of [true, false])
      if (!probes.some((probe) => probe.phase === phase && probe.right === right && probe.sent > 0))
        wrong.push(`No ${right ? 'right' : 'wrong'} packet was tried ${phase} the request.`);
  for (const { probe, sender, stream, phase, sent, passed } of probes)
    if (passed > 0)
      wrong.push(`${stream}: ${probe} from the ${sender} ${phase} the request: ${passed} of ${sent} passed.`);
  if (openingsLeft !== 0) wrong.push(`${openingsLeft} openings were left after the refusal.`);
  return wrong;
}

/** What of a call is not as it should be. */
export function judgeCall({
  call,
  probes,
  openingsLeft,
}: Pick<Observations, 'probes' | 'openingsLeft'> & { readonly call: CallReport }): string[] {
  const wrong: string[] = [];
  const { expected, parties, openingsMeanwhile, carriedByOthers } = call;
  for (const [index, party] of parties.entries()) {
    const { host, verdict, way, message, received = 0, lost = 0, from = [] } = party;
    const other = parties[1 - index]?.speaksFrom ?? '';
    if (way === undefined) wrong.push(`${host}: ${message ?? 'there was no call'}.`);
    else if (way !== expected) wrong.push(`${host}: the way was ${way}, not ${expected}.`);
    else if (verdict !== 'pass' || received === 0) wrong.push(`${host}: it heard nothing of the other.`);
    if (lost > 0) wrong.push(`${host}: ${lost} packets were lost.`);
    if (from.some((end) => end !== other))
      wrong.push(`${host}: packets came from ${from.join(', ')}, not ${other} alone.`);
  }
  // RTP and its RTCP, in both homes.
  const due = expected === 'direct' ? 0 : 4;
  if (openingsMeanwhile !== due) wrong.push(`${openingsMeanwhile} openings were there while they spoke, not ${due}.`);
  if (carriedByOthers > 0) wrong.push(`${carriedByOthers} packets of the call went by way of others.`);
  for (const phase of ['before', 'during', 'after'] as const)
    if (!probes.some((probe) => probe.phase === phase && !probe.right && probe.sent > 0))
      wrong.push(`No wrong packet was tried ${phase} the call.`);
  if (expected === 'gateways' && !probes.some(({ phase, right }) => phase === 'during' && right))
    wrong.push('The right packet was not tried during the call.');
  wrong.push(...probes.flatMap((probe) => judgeProbe(probe, { probes })));
  if (openingsLeft !== 0) wrong.push(`${openingsLeft} openings were left after the call.`);
  return wrong;
}

function judgeStream(stream: StreamReport): string[] {
  const wrong: string[] = [];
  const { id, kind, packetsSent, packetsReceived, bytesSent, bytesReceived } = stream;
  const { protection, clearBecause } = stream;
  if (protection === 'clear' && kind !== 'tcp')
    wrong.push(`${id}: it came in the clear (${clearBecause ?? 'no reason'}).`);
  if (protection === 'clear' && clearBecause === undefined) wrong.push(`${id}: nobody says why it is in the clear.`);
  if (kind === 'tcp') {
    if (bytesReceived === 0) wrong.push(`${id}: nothing arrived.`);
    else if (bytesReceived !== bytesSent) wrong.push(`${id}: ${bytesReceived} of ${bytesSent} bytes arrived.`);
  } else if (packetsReceived === 0) wrong.push(`${id}: nothing arrived.`);
  if (kind === 'rtp') {
    if (packetsReceived !== packetsSent) wrong.push(`${id}: ${packetsReceived} of ${packetsSent} packets arrived.`);
    if (stream.lost !== 0) wrong.push(`${id}: ${stream.lost} sequence numbers are missing.`);
    if (stream.decoded === 0) wrong.push(`${id}: the recording does not decode.`);
  }
  return wrong;
}

/** A probe that was not sent proves nothing, so each stream must have been tried in each phase. */
function judgeTried(stream: StreamReport, probes: readonly ProbeReport[]): string[] {
  const of = probes.filter((probe) => probe.stream === stream.id && probe.sent > 0);
  return (['before', 'during', 'after'] as const).flatMap((phase) => {
    const tried = of.filter((probe) => probe.phase === phase);
    const missing: string[] = [];
    if (stream.kind !== 'tcp' && !tried.some((probe) => probe.right))
      missing.push(`${stream.id}: the right packet was not tried ${phase} the session.`);
    if (!tried.some((probe) => !probe.right))
      missing.push(`${stream.id}: no wrong packet was tried ${phase} the session.`);
    return missing;
  });
}

function judgeProbe(tried: ProbeReport, { held = {}, probes }: Pick<Observations, 'held' | 'probes'>): string[] {
  const { probe, sender, stream, phase, right, sent, passed, between = 0 } = tried;
  const what = `${stream}: ${probe} from the ${sender} ${phase} the session`;
  if (sent === 0) return [`${what} was not sent.`];
  if (right && phase === 'during') return passed === sent ? [] : [`${what}: ${passed} of ${sent} passed, not all.`];
  if ((passed === 0 && between === 0) || isNamed(tried, held, probes)) return [];
  const where = passed > 0 ? 'passed' : 'got past the outer gateway';
  return [`${what}: ${passed || between} of ${sent} ${where}, not none.`];
}
