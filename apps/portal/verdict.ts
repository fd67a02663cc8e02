import {
  type Answer,
  type ContentAnswer,
  type ContentRequestBody,
  type OpenedSession,
  type SessionRequest,
  type SessionView,
  type StartAnswer,
  streamEnds,
} from '@sluice/api';
import type { Log } from '@sluice/io';
import { type Clock, familyOf, type Refusal, refusalCodes, refuse } from '@sluice/model';
import type { Caller } from './caller.ts';
import { judgeConsent } from './consent.ts';
import { nameLocalPorts } from './malformed.ts';
import type { ConfigurationServer, MediaServer, PortalCloseReason } from './parts.ts';
import { persist } from './persist.ts';
import type { Shelf, ShelvedContent } from './shelf.ts';
import { mediaIdOf, prepareStart, type StartGround } from './starting.ts';

/** What it takes to come to a verdict. */
export interface Deciding extends StartGround {
  /** This portal's endpoint id: consent is given to it by name. */
  readonly portalId: string;
  readonly configuration: ConfigurationServer;
  readonly shelf: Shelf;
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds from any beginning, for the steps' times. */
  stopwatch(): number;
  /** The portal's own life: work that must end well outlives the request it began in. */
  readonly lifetime: AbortSignal;
}

/** A verdict, and who sends where it is positive. */
export type Verdict =
  | { readonly kind: 'granted'; readonly value: ContentAnswer; readonly server: MediaServer }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * From a request to its verdict: the openings are held, then the media server starts. Where anything fails, or the
 * appliance has gone before the start (`abandoned`), what was opened is closed again.
 */
export async function decide(
  parts: Deciding,
  caller: Caller,
  body: ContentRequestBody,
  abandoned: AbortSignal,
): Promise<Verdict> {
  const began = parts.stopwatch();
  const sinceMs = () => Math.round((parts.stopwatch() - began) * 100) / 100;
  const found = await parts.shelf.find(body.contentId, familyOf(caller.flow.observed.address));
  if (found.kind === 'refused') return found;
  const named = nameLocalPorts(found.value.content.streams, body);
  if (named.kind === 'refused') return named;
  const refusal = judgeConsent(parts.portalId, caller, body, named.value, parts.clock.now());
  if (refusal) return { kind: 'refused', refusal };
  if (abandoned.aborted) return givenUp;

  const { server } = found.value;
  const asked: SessionRequest = {
    requestId: body.requestId,
    applianceId: caller.endpointId,
    contentId: body.contentId,
    flow: { ...caller.flow, ...(body.socket && { sent: body.socket }) },
    localAddresses: body.localAddresses,
    streams: named.value,
    ...(body.consent !== undefined && { consent: body.consent }),
    ...(body.gatewayType !== undefined && body.gatewayType !== 'unknown' && { gatewayType: body.gatewayType }),
    ...(body.receiver && { receiver: body.receiver }),
  };
  const starting = prepareStart(parts, asked, body, server);
  const opened = await open(parts, { ...asked, ...(starting.order && { start: starting.order }) }, server);
  if (opened.kind === 'refused') {
    starting.abandon();
    return opened;
  }
  const session = opened.value;
  const configuredMs = sinceMs();
  if (abandoned.aborted) {
    starting.abandon();
    await undo(parts, session, 'appliance-left', starting.order && server);
    return givenUp;
  }

  const started = await starting.started(session);
  if (started.kind === 'refused') {
    parts.shelf.doubt();
    starting.abandon();
    await undo(parts, session, 'media-not-started', server);
    const message = `the media server did not start, and the home was closed again: ${started.refusal.message}`;
    const code = started.refusal.code === 'protection-missing' ? 'protection-missing' : 'media-not-started';
    return { kind: 'refused', refusal: refuse(code, message, body.contentId) };
  }
  const steps = [
    { step: 'request', ms: 0 },
    { step: 'gateway-configured', ms: configuredMs },
    { step: 'media-started', ms: sinceMs() },
  ];
  return { kind: 'granted', value: answerOf(session, named.value, found.value, started.value, steps), server };
}

const givenUp: Verdict = {
  kind: 'refused',
  refusal: refuse('request-conflict', 'the appliance went away before the verdict; ask with a new request id'),
};

/** Has a home opened for a request, every stream of it; where the answer is lost, what may be open is found and closed. */
export async function open(
  parts: Deciding,
  request: SessionRequest,
  server?: MediaServer,
): Promise<Answer<OpenedSession>> {
  const answer = await parts.configuration.open(request, parts.lifetime);
  if (answer.kind === 'refused') {
    const { code } = answer.refusal;
    if (code === 'timeout' || code === 'part-unreachable') undoUnseen(parts, request, server);
    return answer;
  }
  const session = answer.value;
  if (session.state !== 'open') return { kind: 'refused', refusal: whyNotOpen(session) };
  const held = streamEnds(session);
  const missing = request.streams.find(({ id }) => !held.has(id));
  if (missing === undefined) return answer;
  await undo(parts, session, 'media-not-started', request.start && server);
  const message = `the configuration server opened nothing for stream ${missing.id}`;
  return { kind: 'refused', refusal: refuse('part-unreachable', message, missing.id) };
}

/** Asked again with an id whose session is over: the first verdict's reason, as far as it is known. */
function whyNotOpen(session: SessionView): Refusal {
  if (session.refusal) {
    const { code, message, subject } = session.refusal;
    return refuse(refusalCodes.find((known) => known === code) ?? 'gateway-refused', message, subject);
  }
  if (session.closeReason === 'media-not-started') {
    return refuse('media-not-started', 'the media server did not start, and the home was closed again');
  }
  const how = session.closeReason === undefined ? session.state : `${session.state}: ${session.closeReason}`;
  return refuse('request-conflict', `the session of this request id is over (${how}); ask with a new request id`);
}

/** The answer was lost, so a session may be open: asking again with the same id tells, and then it is closed. */
function undoUnseen(parts: Deciding, request: SessionRequest, server: MediaServer | undefined): void {
  const { configuration, lifetime, log } = parts;
  const act = async () => {
    const answer = await configuration.open(request, lifetime);
    if (answer.kind === 'refused')
      return answer.refusal.code !== 'timeout' && answer.refusal.code !== 'part-unreachable';
    if (answer.value.state !== 'open') return true;
    const closed = await configuration.close(answer.value.sessionId, 'media-not-started', lifetime);
    if (request.start) await server?.stop(mediaIdOf(parts, answer.value), lifetime);
    return closed.kind === 'granted';
  };
  const gaveUp = () => log.error({ requestId: request.requestId }, 'cannot learn whether a session was opened');
  persist(parts.clock, lifetime, act, gaveUp);
}

/** Closes the gateway, then stops the server. */
export async function undo(
  parts: Deciding,
  session: Pick<SessionView, 'sessionId' | 'applianceId' | 'requestId'>,
  reason: PortalCloseReason,
  server?: MediaServer,
): Promise<void> {
  await closeSurely(parts, session.sessionId, reason);
  await server?.stop(mediaIdOf(parts, session), parts.lifetime);
}

/** Closes a session's gateway; where that fails now, goes on trying after this has returned. */
export async function closeSurely(
  parts: Deciding,
  sessionId: string,
  reason: PortalCloseReason,
): Promise<Answer<SessionView>> {
  const close = () => parts.configuration.close(sessionId, reason, parts.lifetime);
  const isOver = (answer: Answer<SessionView>) =>
    answer.kind === 'granted' || answer.refusal.code === 'session-unknown';
  const gaveUp = () => parts.log.error({ sessionId, reason }, 'cannot close a session; its lease ends it');
  const answer = await close();
  if (!isOver(answer)) persist(parts.clock, parts.lifetime, async () => isOver(await close()), gaveUp);
  return answer;
}

function answerOf(
  session: SessionView,
  streams: SessionRequest['streams'],
  { content }: ShelvedContent,
  { protection, keys }: StartAnswer,
  steps: ContentAnswer['steps'],
): ContentAnswer {
  const ends = streamEnds(session);
  return {
    sessionId: session.sessionId,
    contentId: content.contentId,
    until: session.until,
    streams: streams.flatMap(({ localPort: _, ...stream }) => {
      const reached = ends.get(stream.id);
      return reached ? [{ ...stream, ...reached, ...(protection?.[stream.id] ?? notSaid) }] : [];
    }),
    ...(keys && { keys }),
    ...(content.sdp === undefined ? {} : { sdp: content.sdp }),
    ...holdingOf(session),
    steps,
  };
}

/** How tightly the gateway holds it: the viewer is told too. */
function holdingOf({ held, heldNotes, probes }: SessionView) {
  return { ...(held && { held }), ...(heldNotes && { heldNotes }), ...(probes && { probes }) };
}

const notSaid = { protection: 'clear', clearBecause: 'the media server does not say that it is protected' } as const;
