import type { Answer, CallBody, MeetingAnswer, MeetingBody, SessionView } from '@sluice/api';
import { type Endpoint, type Refusal, refuse } from '@sluice/model';
import type { Caller } from '../caller.ts';
import { judgeConsent } from '../consent.ts';
import type { CallOpener } from '../parts.ts';
import type { Deciding } from '../verdict.ts';

/** Longest wait of one party for the other, ms: an appliance waits for a verdict no longer than 20 s. */
const waitMs = 15_000;

/** What meeting takes. */
export interface Meeting extends Deciding {
  readonly calls: CallOpener;
}

interface Party {
  readonly caller: Caller;
  readonly body: MeetingBody;
  readonly askedMs: number;
  settle(answer: Answer<MeetingAnswer>): void;
}

/** Two parties of a call that was opened; `sessionId` is missing where they need no gateway. */
export interface Met {
  readonly sessionId: string;
  readonly until: number;
  readonly applianceIds: readonly [string, string];
}

/** Where appliances meet that want to speak to each other: each names the other, and both the call. */
export class Meetings {
  readonly #parts: Meeting;
  readonly #met: (met: Met) => void;
  readonly #waiting = new Map<string, Party>();

  /** `met` hears of each call that gateways were opened for, before its parties do. */
  constructor(parts: Meeting, met: (met: Met) => void) {
    this.#parts = parts;
    this.#met = met;
  }

  /** Answers when both have asked and their homes are open for each other, or why not. `gone`: this party went away. */
  async take(caller: Caller, body: MeetingBody, gone: AbortSignal): Promise<Answer<MeetingAnswer>> {
    const wrong = this.#whyNot(caller, body);
    if (wrong) return no(wrong);
    const key = JSON.stringify([body.callId, ...[caller.endpointId, body.with].sort()]);
    const before = this.#waiting.get(key);
    if (before?.caller.endpointId === caller.endpointId)
      before.settle(no(refuse('request-conflict', `${caller.endpointId} asked for ${body.callId} again`)));
    return new Promise((resolve) => {
      const { clock, stopwatch, lifetime } = this.#parts;
      const settle = (answer: Answer<MeetingAnswer>) => {
        cancel();
        gone.removeEventListener('abort', left);
        if (this.#waiting.get(key) === party) this.#waiting.delete(key);
        resolve(answer);
      };
      const left = () => settle(no(refuse('request-conflict', 'the appliance went away before the other one came')));
      const alone = refuse(
        'timeout',
        `${body.with} did not ask for the call ${body.callId} within ${waitMs / 1_000} s; ask again when it does`,
      );
      const cancel = clock.after(waitMs, () => settle(no(alone)));
      const party: Party = { caller, body, askedMs: stopwatch(), settle };
      if (gone.aborted || lifetime.aborted) return left();
      const other = this.#waiting.get(key);
      if (!other) {
        this.#waiting.set(key, party);
        gone.addEventListener('abort', left, { once: true });
        return;
      }
      this.#waiting.delete(key);
      // From here on both wait for the gateways, which answer in bounded time.
      cancel();
      this.#join(other, party).then(
        ([first, second]) => {
          other.settle(first);
          settle(second);
        },
        (error: unknown) => {
          const failed = no(refuse('part-unreachable', `the call could not be opened: ${String(error)}`));
          other.settle(failed);
          settle(failed);
        },
      );
    });
  }

  async #join(first: Party, second: Party): Promise<readonly [Answer<MeetingAnswer>, Answer<MeetingAnswer>]> {
    const { calls, lifetime } = this.#parts;
    const bothMs = this.#parts.stopwatch();
    const caller = partyOf(first);
    const callee = partyOf(second);
    const proposal = await calls.proposeCall({ caller, callee: withoutStreams(callee) }, lifetime);
    if (proposal.kind === 'refused') return [proposal, proposal];
    if (proposal.value.way === 'direct') {
      const steps = { bothMs, openMs: bothMs };
      return [directly(first, second, steps), directly(second, first, steps)];
    }
    const { requestId, callId } = first.body;
    const answer = await calls.openCall({ requestId, contentId: callId, caller, callee }, lifetime);
    if (answer.kind === 'refused') return [answer, answer];
    const session = answer.value;
    if (session.state !== 'open') {
      const over = no(refuse('request-conflict', `the call is ${session.state} already; ask with a new request id`));
      return [over, over];
    }
    const { sessionId, until } = session;
    this.#met({ sessionId, until, applianceIds: [first.caller.endpointId, second.caller.endpointId] });
    const steps = { bothMs, openMs: this.#parts.stopwatch() };
    return [through(first, session, undefined, steps), through(second, session, 'peer', steps)];
  }

  #whyNot(caller: Caller, body: MeetingBody): Refusal | undefined {
    const { portalId, clock } = this.#parts;
    if (caller.role !== 'appliance') return refuse('not-permitted', 'a call is between two appliances');
    if (body.with === caller.endpointId) return refuse('malformed', 'an appliance cannot call itself');
    return judgeConsent(portalId, caller, { ...body, contentId: body.callId }, body.streams, clock.now());
  }
}

interface Steps {
  readonly bothMs: number;
  readonly openMs: number;
}

function partyOf({ caller, body }: Party): CallBody['caller'] {
  const { localAddresses, streams, consent, socket } = body;
  return {
    applianceId: caller.endpointId,
    flow: { ...caller.flow, ...(socket && { sent: socket }) },
    localAddresses,
    streams,
    ...(consent !== undefined && { consent }),
  };
}

function withoutStreams({ streams: _, ...party }: CallBody['caller']): Omit<CallBody['caller'], 'streams'> {
  return party;
}

/** In one home each is at its local address, and at its own ports. */
function directly(own: Party, other: Party, steps: Steps): Answer<MeetingAnswer> {
  const [near, far] = [addressOf(own), addressOf(other)];
  if (near === undefined || far === undefined)
    return no(refuse('local-address-needed', 'both are in one home; each must name its local address for the other'));
  const streams = own.body.streams.flatMap(({ localPort, id, streamType, pairedWith }) => {
    const remote = other.body.streams.find((stream) => stream.id === id);
    if (!remote) return [];
    const local = { address: near, port: localPort };
    const ends = { remote: { address: far, port: remote.localPort }, global: local, local };
    return [{ id, streamType, ...ends, ...(pairedWith !== undefined && { pairedWith }) }];
  });
  return granted({ callId: own.body.callId, way: 'direct', streams, steps: stepsOf(own, steps) });
}

function addressOf({ body }: Party): Endpoint['address'] | undefined {
  return body.localAddresses[0] ?? body.socket?.address;
}

function through(
  own: Party,
  { sessionId, hops = [], openings, held, heldNotes }: SessionView,
  side: 'peer' | undefined,
  steps: Steps,
): Answer<MeetingAnswer> {
  const mine = hops.flatMap((hop, index) => (hop.side === side ? [index] : []));
  const at = (index: number | undefined, streamId: string) =>
    openings.find((opening) => (opening.hop ?? 0) === index && opening.streamId === streamId);
  const streams = own.body.streams.flatMap(({ id, streamType, pairedWith }) => {
    const inner = at(mine[0], id);
    const outer = at(mine.at(-1), id);
    if (!inner || !outer || outer.remote.port === undefined) return [];
    const remote = { address: outer.remote.address, port: outer.remote.port };
    return [
      {
        id,
        streamType,
        remote,
        global: outer.global,
        local: inner.local,
        ...(pairedWith !== undefined && { pairedWith }),
      },
    ];
  });
  return granted({
    ...{ callId: own.body.callId, way: 'gateways', sessionId, streams },
    ...(held && { held }),
    ...(heldNotes && { heldNotes }),
    steps: stepsOf(own, steps),
  });
}

function stepsOf({ askedMs }: Party, { bothMs, openMs }: Steps): MeetingAnswer['steps'] {
  const since = (ms: number) => Math.round(Math.max(0, ms - askedMs) * 100) / 100;
  return [
    { step: 'both-there', ms: since(bothMs) },
    { step: 'homes-open', ms: since(openMs) },
  ];
}

function granted(value: MeetingAnswer): Answer<MeetingAnswer> {
  return { kind: 'granted', value };
}

function no(refusal: Refusal): Answer<never> {
  return { kind: 'refused', refusal };
}
