import type {
  Answer,
  AwaitedStart,
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
import { type Refusal, refuse } from '@sluice/model';
import type { ConfigurationServer, MediaServer } from '../parts.ts';

/** A film of three streams, as a media server would tell it. */
export const film: Content = {
  contentId: 'film',
  title: 'The <Lock> Keeper',
  kind: 'film',
  description: 'Water goes up & down.',
  durationSeconds: 60,
  sdp: 'v=0\r\n',
  streams: [
    { id: 'video', streamType: 'rtp', remote: { address: '203.0.113.10', port: 7000 }, payloadType: 96 },
    { id: 'video-rtcp', streamType: 'rtcp', remote: { address: '203.0.113.10', port: 7001 }, pairedWith: 'video' },
    { id: 'subtitles', streamType: 'tcp', remote: { address: '203.0.113.10', port: 7100 } },
  ],
};

/** A gate that holds a fake part's answer back until told. */
export interface Hold {
  readonly until: Promise<void>;
  release(): void;
}

export function hold(): Hold {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { until: promise, release: resolve };
}

/** A configuration server in memory that writes down what it is asked. */
export class FakeConfigurationServer implements ConfigurationServer {
  readonly said: string[];
  readonly sessions = new Map<string, SessionView>();
  readonly requests: SessionRequest[] = [];
  readonly #byRequest = new Map<string, string>();
  refusal: Refusal | undefined;
  /** Answers to `open` that are lost, though the session was opened. */
  lostAnswers = 0;
  closeFails = 0;
  holdOpen: Hold | undefined;
  until = 0;

  constructor(said: string[]) {
    this.said = said;
  }

  async open(request: SessionRequest): Promise<Answer<OpenedSession>> {
    this.said.push(`open ${request.requestId}`);
    this.requests.push(request);
    await this.holdOpen?.until;
    if (this.refusal) return { kind: 'refused', refusal: this.refusal };
    const key = `${request.applianceId} ${request.requestId}`;
    const sessionId = this.#byRequest.get(key) ?? `s${this.sessions.size + 1}`;
    this.#byRequest.set(key, sessionId);
    const session = this.sessions.get(sessionId) ?? this.#make(sessionId, request);
    this.sessions.set(sessionId, session);
    if (this.lostAnswers > 0) {
      this.lostAnswers -= 1;
      return { kind: 'refused', refusal: refuse('timeout', 'lost') };
    }
    return {
      kind: 'granted',
      value: request.start?.by === 'configuration-server' ? { ...session, started: this.#started(sessionId) } : session,
    };
  }

  #started(sessionId: string): StartAnswer {
    this.said.push(`tell ${sessionId}`);
    const protection = { video: { protection: 'clear', clearBecause: 'told' } } as const;
    return { sessionId, state: 'sending', streams: [], protection };
  }

  async look(sessionId: string): Promise<Answer<SessionView>> {
    const session = this.sessions.get(sessionId);
    if (session) return { kind: 'granted', value: session };
    return { kind: 'refused', refusal: refuse('session-unknown', 'no such session') };
  }

  async close(sessionId: string, reason: string): Promise<Answer<SessionView>> {
    this.said.push(`close ${sessionId} ${reason}`);
    if (this.closeFails > 0) {
      this.closeFails -= 1;
      return { kind: 'refused', refusal: refuse('part-unreachable', 'away') };
    }
    const answer = await this.look(sessionId);
    if (answer.kind === 'refused') return answer;
    const value: SessionView = { ...answer.value, state: 'closed', closeReason: reason };
    this.sessions.set(sessionId, value);
    return { kind: 'granted', value };
  }

  #make(sessionId: string, request: SessionRequest): SessionView {
    const { requestId, applianceId, contentId, streams } = request;
    return {
      sessionId,
      requestId,
      applianceId,
      contentId,
      portalId: 'self::portal-1',
      gatewayId: 'self::gateway-home',
      state: 'open',
      openings: streams.map(({ id, streamType, remote, localPort }, index) => ({
        id: `o${index}`,
        streamId: id,
        streamType,
        remote,
        global: { address: '203.0.113.1', port: 16384 + index },
        local: { address: '192.168.1.2', port: localPort },
      })),
      createdAt: 0,
      until: this.until,
      endsAt: this.until,
      timeline: [],
    };
  }
}

/** A media server in memory that writes down what it is asked. */
export class FakeMediaServer implements MediaServer {
  readonly place = 'https://media-server';
  readonly said: string[];
  readonly starts: StartRequest[] = [];
  shown: readonly Content[] = [film];
  refusal: Refusal | undefined;
  away: Refusal | undefined;
  holdStart: Hold | undefined;
  asked = 0;
  /** What a start is answered with beside the view. */
  protecting: Pick<StartAnswer, 'protection' | 'keys'> = {};

  constructor(said: string[]) {
    this.said = said;
  }

  async contents(): Promise<Answer<readonly Content[]>> {
    this.asked += 1;
    return this.away ? { kind: 'refused', refusal: this.away } : { kind: 'granted', value: this.shown };
  }

  async poster(): Promise<Answer<{ contentType: string; body: Buffer }>> {
    return { kind: 'granted', value: { contentType: 'image/png', body: Buffer.from('png') } };
  }

  async start(request: StartRequest): Promise<Answer<StartAnswer>> {
    this.said.push(`start ${request.sessionId}`);
    this.starts.push(request);
    await this.holdStart?.until;
    if (this.refusal) return { kind: 'refused', refusal: this.refusal };
    const answer = this.#view(request.sessionId, 'sending');
    return answer.kind === 'refused' ? answer : { kind: 'granted', value: { ...answer.value, ...this.protecting } };
  }

  /** Orders that await a gateway. */
  readonly awaited: AwaitedStart[] = [];
  /** What becomes of them. */
  told = Promise.withResolvers<Answer<StartAnswer>>();

  async startAwaited(order: AwaitedStart, signal?: AbortSignal): Promise<Answer<StartAnswer>> {
    this.said.push('await');
    this.awaited.push(order);
    signal?.addEventListener('abort', () => this.said.push('not awaited'), { once: true });
    return this.told.promise;
  }

  async look(sessionId: string): Promise<Answer<StartView>> {
    if (this.starts.some((start) => start.sessionId === sessionId)) return this.#view(sessionId, 'sending');
    return { kind: 'refused', refusal: refuse('session-unknown', 'no such start') };
  }

  async stop(sessionId: string): Promise<Answer<StartView>> {
    this.said.push(`stop ${sessionId}`);
    return this.#view(sessionId, 'stopped');
  }

  async probe({ trial, streams }: ProbeRequest): Promise<Answer<ProbeResults>> {
    this.said.push(`probe ${trial}`);
    const sent = { fromStream: 'sent', fromOtherPort: 'sent' } as const;
    return { kind: 'granted', value: { streams: streams.map(({ id }) => ({ id, ...sent })) } };
  }

  #view(sessionId: string, state: StartView['state']): Answer<StartView> {
    const streams = [{ id: 'video', packetsSent: 7, bytesSent: 700, packetsReceived: 0 }];
    return { kind: 'granted', value: { sessionId, state, streams } };
  }
}
