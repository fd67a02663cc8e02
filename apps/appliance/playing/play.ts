import type { Answer, ContentAnswer, RequestView } from '@sluice/api';
import type { Refusal } from '@sluice/model';
import type { Portal } from '../portal.ts';
import type { Surroundings } from '../receiving/receiving.ts';
import type { StreamStatistics } from '../receiving/statistics.ts';
import { type ContentPlay, requestContent, type Step, type Wish } from '../request-content.ts';
import { type PlayOnlooker, together } from './onlookers.ts';
import { type Recorded, recording } from './recording.ts';

/** A play from the request to the closed home. */
export interface PlayWish extends Wish {
  /** Keep what is received there. */
  readonly record?: string | undefined;
  /** Leave after so many seconds; else when the content ends, or at the signal. */
  readonly durationSeconds?: number | undefined;
}

/** One stream in a play's result. */
export interface PlayedStream extends StreamStatistics {
  /** As the media server counted; absent where it did not say. */
  readonly packetsSent?: number;
  readonly bytesSent?: number;
  /** Frames decoded from the recording, for RTP that was recorded. */
  readonly decoded?: number;
}

/** What became of a play. */
export interface PlayResult {
  readonly contentId: string;
  readonly sessionId?: string;
  readonly verdict: 'pass' | 'fail';
  /** Why not, one sentence each; empty for `pass`. */
  readonly reasons: readonly string[];
  readonly refusal?: Refusal;
  readonly ending?: 'content-ended' | 'silent' | 'duration' | 'left';
  readonly steps: readonly Step[];
  readonly streams: readonly PlayedStream[];
  /** How tightly the gateway held it: see `ContentAnswer`. */
  readonly held?: ContentAnswer['held'];
  readonly heldNotes?: ContentAnswer['heldNotes'];
  readonly probes?: ContentAnswer['probes'];
}

/** Waits, plays, leaves. `signal` means: leave now, or do not ask any more. */
export async function playContent(
  portal: Portal,
  wish: PlayWish,
  onlooker: PlayOnlooker,
  around: Surroundings,
  signal: AbortSignal,
): Promise<PlayResult> {
  const { contentId } = wish;
  await using tape = wish.record === undefined ? undefined : recording(wish.record);
  const told = tape ? together(tape.onlooker, onlooker) : onlooker;
  const nothing = { contentId, verdict: 'fail', steps: [], streams: [] } as const;
  let answer: Answer<ContentPlay>;
  try {
    answer = await requestContent(portal, wish, told, around, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    return { ...nothing, reasons: ['left before there was a verdict'], ending: 'left' };
  }
  if (answer.kind === 'refused') {
    const { refusal } = answer;
    return { ...nothing, reasons: [refusal.message], refusal };
  }
  const play = answer.value;
  told.open?.(play);
  const ending = await untilOver(play, wish.durationSeconds, around, signal);
  const left = await play.leave(ending === 'content-ended' ? 'content-ended' : 'appliance-left');
  told.left?.();
  const recorded = await tape?.finish(AbortSignal.timeout(60_000));
  const streams = describe(play.statistics(), left, recorded);
  const reasons = [...complaints(streams, tape !== undefined), ...leavingComplaints(left)];
  if (recorded?.complaints) reasons.push(`ffmpeg says: ${recorded.complaints.split('\n')[0]}`);
  return {
    contentId,
    sessionId: play.answer.sessionId,
    verdict: reasons.length === 0 ? 'pass' : 'fail',
    reasons,
    ending,
    steps: play.steps(),
    streams,
    ...heldAs(play.answer),
  };
}

function heldAs({ held, heldNotes, probes }: ContentPlay['answer']) {
  return { ...(held && { held }), ...(heldNotes && { heldNotes }), ...(probes && { probes }) };
}

function untilOver(
  play: ContentPlay,
  durationSeconds: number | undefined,
  { clock }: Surroundings,
  signal: AbortSignal,
): Promise<NonNullable<PlayResult['ending']>> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('left');
    signal.addEventListener('abort', () => resolve('left'), { once: true });
    const cancel =
      durationSeconds === undefined ? undefined : clock.after(durationSeconds * 1000, () => resolve('duration'));
    void play.ended.then((ending) => {
      cancel?.();
      resolve(ending);
    });
  });
}

function describe(
  statistics: readonly StreamStatistics[],
  left: Answer<RequestView>,
  recorded: Recorded | undefined,
): PlayedStream[] {
  const sent = new Map(left.kind === 'granted' ? left.value.media?.streams.map((stream) => [stream.id, stream]) : []);
  return statistics.map((stream) => {
    const { packetsSent, bytesSent } = sent.get(stream.id) ?? {};
    const decoded = recorded?.decoded.get(stream.id);
    return {
      ...stream,
      ...(packetsSent === undefined ? {} : { packetsSent }),
      ...(bytesSent === undefined ? {} : { bytesSent }),
      ...(decoded === undefined ? {} : { decoded }),
    };
  });
}

function complaints(streams: readonly PlayedStream[], isRecorded: boolean): string[] {
  return streams.flatMap(({ id, kind, packetsReceived, unauthentic = 0, lost = 0, decoded = 0 }) => {
    if (kind === 'rtcp') return [];
    if (packetsReceived === 0 && unauthentic > 0) return [`nothing that arrived on ${id} was made with its key`];
    if (packetsReceived === 0) return [`nothing arrived on ${id}`];
    if (lost > 0) return [`${lost} packets of ${id} were lost`];
    if (kind === 'rtp' && isRecorded && decoded === 0) return [`nothing of ${id} could be decoded`];
    return [];
  });
}

function leavingComplaints(left: Answer<RequestView>): string[] {
  if (left.kind === 'refused') return [`leaving failed: ${left.refusal.message}`];
  return left.value.state === 'closed' ? [] : [`the session is ${left.value.state} after leaving`];
}
