import type {
  Answer,
  Content,
  ContentAnswer,
  ContentRequestBody,
  MediaKeys,
  RequestView,
  StreamProtection,
} from '@sluice/api';
import { type Endpoint, type Refusal, refuse } from '@sluice/model';
import type { Portal } from '../portal.ts';

/** A portal in memory, whose home has no gateway. It writes down what it is asked. */
export class FakePortal implements Portal {
  readonly local = { address: '127.0.0.1', port: 40_000 };
  readonly said: string[] = [];
  readonly bodies: ContentRequestBody[] = [];
  readonly shown: Content;
  refusal: Refusal | undefined;
  leaveRefusal: Refusal | undefined;
  /** Holds a verdict back. */
  holdRequest: Promise<void> | undefined;
  /** How the verdict says that the streams come: keys, and a name for each stream. */
  keys: MediaKeys | undefined;
  protection: Readonly<Record<string, StreamProtection>> = {};
  /** Called when the openings "hold", before the appliance is told. */
  started: (streams: ContentAnswer['streams']) => void = () => {};

  constructor(content: Content) {
    this.shown = content;
  }

  prepare(): void {}

  async call(): Promise<Answer<never>> {
    return { kind: 'refused', refusal: refuse('not-permitted', 'nobody to call') };
  }

  async callEnded(): Promise<string | undefined> {
    return undefined;
  }

  async hangUp(): Promise<void> {}

  async contents(): Promise<Answer<readonly Content[]>> {
    return { kind: 'granted', value: [this.shown] };
  }

  async content(contentId: string): Promise<Answer<Content>> {
    if (contentId === this.shown.contentId) return { kind: 'granted', value: this.shown };
    return { kind: 'refused', refusal: refuse('content-unknown', `there is no content ${contentId}`) };
  }

  async request(body: ContentRequestBody, signal: AbortSignal): Promise<Answer<ContentAnswer>> {
    this.said.push('request');
    this.bodies.push(body);
    await Promise.race([this.holdRequest, untilAborted(signal, this.holdRequest === undefined)]);
    if (this.refusal) return { kind: 'refused', refusal: this.refusal };
    const streams = this.shown.streams.map((stream) => {
      const local: Endpoint = { address: '127.0.0.1', port: body.localPorts[stream.id] ?? 0 };
      return { ...stream, local, global: local, ...this.protection[stream.id] };
    });
    this.started(streams);
    const steps = [
      { step: 'request', ms: 0 },
      { step: 'gateway-configured', ms: 3 },
      { step: 'media-started', ms: 5 },
    ];
    const { contentId } = this.shown;
    const keys = this.keys && { keys: this.keys };
    return { kind: 'granted', value: { sessionId: 's1', contentId, until: 0, streams, steps, ...keys } };
  }

  async look(): Promise<Answer<RequestView>> {
    return this.#view('open');
  }

  async leave(sessionId: string, reason: string): Promise<Answer<RequestView>> {
    this.said.push(`leave ${sessionId} ${reason}`);
    return this.leaveRefusal ? { kind: 'refused', refusal: this.leaveRefusal } : this.#view('closed');
  }

  async page(path: string): Promise<Answer<{ status: number; contentType: string; body: Buffer }>> {
    this.said.push(`page ${path}`);
    const isPoster = path.startsWith('/posters/');
    const body = Buffer.from(isPoster ? 'jpeg' : '<!doctype html><script>alert(1)</script>');
    return { kind: 'granted', value: { status: 200, contentType: isPoster ? 'image/jpeg' : 'text/html', body } };
  }

  #view(state: RequestView['state']): Answer<RequestView> {
    const { contentId } = this.shown;
    return { kind: 'granted', value: { sessionId: 's1', contentId, state, until: 0 } };
  }
}

function untilAborted(signal: AbortSignal, atOnce: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    if (atOnce) resolve();
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
