import type { Answer, Content, ContentAnswer, GatewayWord, RequestView } from '@sluice/api';
import { familyOf, type IpAddress, type Port, refuse } from '@sluice/model';
import { SdpMalformed } from '@sluice/wire/sdp';
import { srtpSuites } from '@sluice/wire/srtp';
import { askPortal, streamsAsked } from './asking.ts';
import { openLocalPorts } from './io/local-ports.ts';
import { PortTaken } from './io/udp-port.ts';
import type { Portal } from './portal.ts';
import { locksOf, type WantedProtection } from './receiving/media-keys.ts';
import {
  type Audience,
  type Ending,
  type Receiving,
  receiveStreams,
  type Surroundings,
} from './receiving/receiving.ts';
import { type StreamStatistics, statisticsOf } from './receiving/statistics.ts';
import { type Presentation, presentationOf } from './receiving/tracks.ts';

/** One step of a play; `ms` since the request was sent. */
export interface Step {
  readonly step: string;
  readonly ms: number;
}

/** What an appliance asks for. */
export interface Wish {
  readonly contentId: string;
  /** 1..64 of A-Z a-z 0-9 - _; a new one where left out. */
  readonly requestId?: string | undefined;
  /** Addresses of this device to name: left out, the one it reaches the portal from; empty, none at all. */
  readonly localAddresses?: readonly IpAddress[] | undefined;
  /** Ports by stream id; free ones where left out. */
  readonly localPorts?: Readonly<Record<string, Port>> | undefined;
  /** Who speaks first, by stream id; the server where left out. */
  readonly firstSpeaker?: Readonly<Record<string, 'server' | 'appliance'>> | undefined;
  /** What the person says that the gateway of this home speaks. */
  readonly gatewayType?: GatewayWord | undefined;
  /** Left out: `preferred`. */
  readonly protection?: WantedProtection | undefined;
}

/** Who is told as a play goes on. */
export interface Onlooker extends Audience {
  /** What the content is, before it is asked for: a player can be made ready. Its failure is the request's. */
  content?(content: Content, presentation: Presentation | undefined): Promise<void> | void;
  step?(step: Step): void;
}

/** A content that this appliance receives. Disposing leaves. */
export interface ContentPlay extends AsyncDisposable {
  readonly content: Content;
  /** Without the keys, which nobody needs to know. */
  readonly answer: Omit<ContentAnswer, 'keys'>;
  /** So far, in order of time. */
  steps(): readonly Step[];
  statistics(): readonly StreamStatistics[];
  /** Resolves when the server has ended the content, or nothing comes any more. */
  readonly ended: Promise<Ending>;
  /**
   * Ends the session: the gateway is closed, then the server stops. The ports stay open until this is through. Leaving
   * twice gives the first answer.
   */
  leave(reason?: 'appliance-left' | 'content-ended'): Promise<Answer<RequestView>>;
}

/**
 * Asks a portal for a content and receives it: the ports are open first, then the portal is asked. `signal` ends the
 * asking; what was opened until then is closed.
 */
export async function requestContent(
  portal: Portal,
  wish: Wish,
  onlooker: Onlooker,
  around: Surroundings,
  signal: AbortSignal,
): Promise<Answer<ContentPlay>> {
  const found = await portal.content(wish.contentId, signal);
  if (found.kind === 'refused') return found;
  const content = found.value;
  const presentation = readPresentation(content);
  if (presentation.kind === 'refused') return presentation;
  const family = familyOf(content.streams[0]?.remote.address ?? '');
  await using opened = new AsyncDisposableStack();
  let ports: Awaited<ReturnType<typeof openLocalPorts>>;
  try {
    ports = opened.use(await openLocalPorts(content.streams.map(named), family, wish.localPorts ?? {}, portal.watch));
  } catch (error) {
    if (!(error instanceof PortTaken)) throw error;
    const message = `${error.message} of this device cannot be taken; leave the port out, or choose another`;
    return { kind: 'refused', refusal: refuse('port-in-use', message) };
  }
  await onlooker.content?.(content, presentation.value);

  const { firstSpeaker = {}, protection = 'preferred' } = wish;
  const clockRates = new Map(presentation.value?.tracks.map(({ streamId, clockRate }) => [streamId, clockRate]));
  const steps = stepList(around, onlooker);
  const audience: Audience = {
    ...onlooker,
    first(streamId, atMs) {
      steps.once('streaming', atMs);
      onlooker.first?.(streamId, atMs);
    },
  };
  const receiving = opened.use(receiveStreams(content, ports, clockRates, firstSpeaker, audience, around));
  opened.use(portal.asking?.(streamsAsked(content, ports.numbers)));
  steps.begin();
  const ask = {
    ...{ localPorts: ports.numbers, localAddresses: wish.localAddresses, requestId: wish.requestId, firstSpeaker },
    srtp: protection === 'off' ? [] : [...srtpSuites],
    ...(wish.gatewayType && { gatewayType: wish.gatewayType }),
  };
  const answer = await askPortal(portal, content, ask, signal);
  if (answer.kind === 'refused') return answer;
  const { keys: _, ...shown } = answer.value;
  steps.answered(shown.steps);
  const locks = locksOf(answer.value, protection);
  const granted = play(portal, content, shown, receiving, steps, opened.move());
  if ('code' in locks) {
    await granted.leave();
    return { kind: 'refused', refusal: locks };
  }
  receiving.begin(shown.streams, locks, firstSpeaker, signal);
  return { kind: 'granted', value: granted };
}

function play(
  portal: Portal,
  content: Content,
  answer: ContentPlay['answer'],
  receiving: Receiving,
  steps: ReturnType<typeof stepList>,
  opened: AsyncDisposableStack,
): ContentPlay {
  let leaving: Promise<Answer<RequestView>> | undefined;
  const leave = async (reason: 'appliance-left' | 'content-ended'): Promise<Answer<RequestView>> => {
    receiving.goodbye();
    try {
      const view = await portal.leave(answer.sessionId, reason, new AbortController().signal);
      steps.once('closed');
      return view;
    } finally {
      await opened.disposeAsync();
    }
  };
  const self: ContentPlay = {
    content,
    answer,
    steps: steps.list,
    statistics() {
      const counts = receiving.counts();
      return answer.streams.flatMap((stream) => {
        const counted = counts.get(stream.id);
        return counted ? [statisticsOf(stream, counted)] : [];
      });
    },
    ended: receiving.ended,
    leave(reason = 'appliance-left') {
      leaving ??= leave(reason);
      return leaving;
    },
    async [Symbol.asyncDispose]() {
      await self.leave();
    },
  };
  return self;
}

function readPresentation(content: Content): Answer<Presentation | undefined> {
  try {
    return { kind: 'granted', value: presentationOf(content) };
  } catch (error) {
    if (!(error instanceof SdpMalformed)) throw error;
    const message = `the portal describes ${content.contentId} in a way that cannot be read: ${error.message}`;
    return { kind: 'refused', refusal: refuse('part-unreachable', message, content.contentId) };
  }
}

/** Collects steps with their times since `begin`. */
function stepList({ stopwatch }: Surroundings, onlooker: Onlooker) {
  const steps: Step[] = [];
  let begunMs = 0;
  const add = (step: string, ms: number) => {
    const taken = { step, ms: Math.round(ms * 100) / 100 };
    steps.push(taken);
    onlooker.step?.(taken);
  };
  return {
    list: () => steps.toSorted((a, b) => a.ms - b.ms),
    begin() {
      begunMs = stopwatch();
      add('request', 0);
    },
    /** The portal's steps run on its own clock: what its answer took longer than its last step was under way, half each way. */
    answered(theirs: readonly Step[]) {
      const totalMs = stopwatch() - begunMs;
      const wayMs = Math.max(0, totalMs - Math.max(0, ...theirs.map(({ ms }) => ms))) / 2;
      for (const { step, ms } of theirs) if (step !== 'request') add(step, wayMs + ms);
      add('acknowledged', totalMs);
    },
    once(step: string, atMs = stopwatch()) {
      if (!steps.some((other) => other.step === step)) add(step, atMs - begunMs);
    },
  };
}

function named({ id, streamType, pairedWith }: Content['streams'][number]) {
  return pairedWith === undefined ? { id, streamType } : { id, streamType, pairedWith };
}
