import {
  type Answer,
  ask,
  type Content,
  type ContentAnswer,
  type ContentRequestBody,
  callEnded,
  content,
  contentAnswer,
  contentList,
  exchange,
  type MeetingAnswer,
  type MeetingBody,
  meetingAnswer,
  type RequestView,
  readEvents,
  requestView,
} from '@sluice/api';
import type { HttpsPeer, PeerAnswer } from '@sluice/io';
import type { Clock, Endpoint, Family } from '@sluice/model';
import type { Consenting, ConsentWish } from './consent.ts';
import type { HomeGateway } from './gateway/home-gateway.ts';
import type { AskedStream } from './gateway/own-requests.ts';
import type { ProbeWatch } from './gateway/probe-watch.ts';
import { RememberedContents } from './remembered-contents.ts';

/** A portal as an appliance sees it. Calls end in bounded time; they throw only their signal's reason. */
export interface Portal {
  /** This device's end of its connection to the portal; undefined before the first exchange. */
  readonly local: Endpoint | undefined;
  /** A request is near: what can be done before it begins now. */
  prepare(): void;
  contents(family: Family | undefined, signal: AbortSignal): Promise<Answer<readonly Content[]>>;
  content(contentId: string, signal: AbortSignal): Promise<Answer<Content>>;
  /** This device's signature over a request that it is about to make here; left out, it does not sign. */
  consent?(wish: ConsentWish, signal: AbortSignal): Promise<string | undefined>;
  /** Hears probes among what comes to this device's ports; left out, they are heard by nobody. */
  readonly watch?: ProbeWatch | undefined;
  /** These streams are about to be asked for: they may be opened until what is returned is disposed of. */
  asking?(streams: readonly AskedStream[]): Disposable;
  request(body: ContentRequestBody, signal: AbortSignal): Promise<Answer<ContentAnswer>>;
  /** Meets another appliance: waits until it has asked too. */
  call(body: MeetingBody, signal: AbortSignal): Promise<Answer<MeetingAnswer>>;
  /** Keeps a call until it has ended: resolves to why, or to nothing where the connection did. */
  callEnded(sessionId: string, signal: AbortSignal): Promise<string | undefined>;
  hangUp(sessionId: string, signal: AbortSignal): Promise<void>;
  look(sessionId: string, signal: AbortSignal): Promise<Answer<RequestView>>;
  leave(
    sessionId: string,
    reason: 'appliance-left' | 'content-ended',
    signal: AbortSignal,
  ): Promise<Answer<RequestView>>;
  /** A page or a poster, whatever its status. */
  page(path: string, signal: AbortSignal): Promise<Answer<PeerAnswer>>;
}

/** Longest wait for a verdict, ms: the portal's own limits are below it. */
const verdictMs = 20_000;
const lookMs = 5_000;
const mostEventOctets = 1_024;

/** The portal behind its HTTP API; `portalId` tells its endpoint id, once it is known. */
export function remotePortal(
  peer: HttpsPeer,
  clock: Clock,
  consenting: Consenting,
  portalId: () => string | undefined,
  home?: HomeGateway,
): Portal {
  const part = { name: 'portal', peer, clock };
  const remembered = new RememberedContents(clock);
  /** Whether the gateway knows this device, once that is known. */
  let isOurs = Promise.resolve(false);
  const callPath = (sessionId: string) => `/v1/calls/${encodeURIComponent(sessionId)}`;
  const requestPath = (sessionId: string) => `/v1/requests/${encodeURIComponent(sessionId)}`;
  return {
    get local() {
      return peer.local;
    },
    async contents(family, signal) {
      const path = family === undefined ? '/v1/contents' : `/v1/contents?family=${family}`;
      const answer = await ask(part, contentList, { method: 'GET', path, mostMs: lookMs }, signal);
      if (answer.kind === 'refused') return answer;
      if (family === undefined) remembered.take(answer.value.contents);
      return { kind: 'granted', value: answer.value.contents };
    },
    prepare() {
      isOurs = consenting.begin();
      if (!consenting.introduced) home?.soon(isOurs);
    },
    async content(contentId, signal) {
      this.prepare();
      const known = remembered.find(contentId);
      if (known) return { kind: 'granted', value: known };
      const path = `/v1/contents/${encodeURIComponent(contentId)}`;
      return ask(part, content, { method: 'GET', path, mostMs: lookMs }, signal);
    },
    async consent(wish, signal) {
      const id = portalId();
      return id === undefined ? undefined : consenting.sign(wish, id, signal);
    },
    watch: home?.watch,
    ...(home && { asking: (streams) => home.asking(streams, consenting.introduced ? 'ours' : isOurs) }),
    async request(json, signal) {
      const question = { method: 'POST', path: '/v1/requests', json, mostMs: verdictMs } as const;
      let answer = await ask(part, contentAnswer, question, signal);
      // A device that knows our agent is not connected for its gateway's sake, and so could not say that it is there.
      if (answer.kind === 'refused' && answer.refusal.code === 'gateway-not-found' && consenting.introduced && home) {
        using _ = home.present();
        answer = await ask(part, contentAnswer, question, signal);
      }
      if (answer.kind === 'refused') remembered.forget();
      if (answer.kind === 'refused' && answer.refusal.code === 'consent-invalid') consenting.doubt();
      return answer;
    },
    async call(json, signal) {
      const question = { method: 'POST', path: '/v1/calls', json, mostMs: verdictMs } as const;
      const answer = await ask(part, meetingAnswer, question, signal);
      if (answer.kind === 'refused' && answer.refusal.code === 'consent-invalid') consenting.doubt();
      return answer;
    },
    async callEnded(sessionId, signal) {
      for await (const event of readEvents(peer.stream(`${callPath(sessionId)}/events`, signal), mostEventOctets))
        return callEnded.parse(event).ended;
      return undefined;
    },
    async hangUp(sessionId, signal) {
      await exchange(part, { method: 'DELETE', path: callPath(sessionId), mostMs: lookMs }, signal);
    },
    look: (sessionId, signal) =>
      ask(part, requestView, { method: 'GET', path: requestPath(sessionId), mostMs: lookMs }, signal),
    leave: (sessionId, reason, signal) =>
      ask(
        part,
        requestView,
        { method: 'DELETE', path: `${requestPath(sessionId)}?reason=${reason}`, mostMs: verdictMs },
        signal,
      ),
    page: (path, signal) => exchange(part, { method: 'GET', path, mostMs: lookMs }, signal),
  };
}
