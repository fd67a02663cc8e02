import type {
  Answer,
  AwaitedStart,
  CallBody,
  CallProposal,
  CallProposalRequest,
  Content,
  OpenedSession,
  ProbeRequest,
  ProbeResults,
  SessionRequest,
  SessionView,
  StartAnswer,
  StartRequest,
  StartView,
} from '@sluice/api';
import type { CloseReason, Family } from '@sluice/model';

/** Reasons that a portal closes a session for. */
export type PortalCloseReason = Extract<
  CloseReason,
  'appliance-left' | 'content-ended' | 'revoked' | 'media-not-started'
>;

/** The configuration server as a portal sees it. Every call ends in bounded time, and never throws but by its signal. */
export interface ConfigurationServer {
  /** Asking again with the same request id gives the same session. */
  open(request: SessionRequest, signal: AbortSignal): Promise<Answer<OpenedSession>>;
  look(sessionId: string, signal: AbortSignal): Promise<Answer<SessionView>>;
  /** The gateway is closed before this answers. Closing what is closed changes nothing. */
  close(sessionId: string, reason: PortalCloseReason, signal: AbortSignal): Promise<Answer<SessionView>>;
}

/** Who opens homes for calls, as a portal sees it; a call is looked at and closed like any session. Bounded as the rest. */
export interface CallOpener {
  /** Opens both homes of a call for each other, or neither. */
  openCall(call: CallBody, signal: AbortSignal): Promise<Answer<SessionView>>;
  /** Where the parties of a call will be reached. Opens nothing. */
  proposeCall(call: CallProposalRequest, signal: AbortSignal): Promise<Answer<CallProposal>>;
}

/** A picture of a content. */
export interface Poster {
  readonly contentType: string;
  readonly body: Buffer;
}

/** A media server as a portal sees it. Every call ends in bounded time, and never throws but by its signal. */
export interface MediaServer {
  /** How a portal names it to others: `https://host:port`, or `beside` them all. */
  readonly place: string;
  contents(family: Family, signal: AbortSignal): Promise<Answer<readonly Content[]>>;
  poster(contentId: string, signal: AbortSignal): Promise<Answer<Poster>>;
  start(request: StartRequest, signal: AbortSignal): Promise<Answer<StartAnswer>>;
  /** Answered when a gateway told where to; it is not awaited any more when the signal aborts. */
  startAwaited(order: AwaitedStart, signal: AbortSignal): Promise<Answer<StartAnswer>>;
  look(sessionId: string, signal: AbortSignal): Promise<Answer<StartView>>;
  stop(sessionId: string, signal: AbortSignal): Promise<Answer<StartView>>;
  /** Tries openings before anything is sent through them. */
  probe(request: ProbeRequest, signal: AbortSignal): Promise<Answer<ProbeResults>>;
}
