import type { Answer, StartAnswer, StartRequest, StartView } from '@sluice/api';
import { familyOf, formatEndpoint, isUnicastHost, type Refusal, refuse } from '@sluice/model';
import type { ServedContent } from '../catalogue.ts';
import { type Protection, type ProtectionPolicy, protect } from './protection.ts';
import { type Placed, Sending, type SendingNeeds, StreamNotBegun } from './sending.ts';

interface Start {
  readonly request: StartRequest;
  /** The portal that started it; undefined where another part did. */
  readonly owner: string | undefined;
  readonly sending: Sending;
  readonly answer: Promise<Answer<StartAnswer>>;
  /** Ports and endpoints that it sends between. */
  readonly paths: readonly string[];
}

/** What a start comes to, before anything is sent. */
interface Placing {
  readonly content: ServedContent;
  readonly placed: readonly Placed[];
  readonly protection: Protection;
}

/** Starts that are over and still remembered, so that asking again changes nothing and counters can be read. */
const mostRemembered = 1_000;

/**
 * Everything that is being sent, by session. Each act names the portal that asks: it has to do with what it started
 * itself alone. Left out, it is a part that may do everything.
 */
export class Starts {
  readonly #contents: ReadonlyMap<string, ServedContent>;
  readonly #needs: SendingNeeds;
  readonly #most: number;
  readonly #policy: ProtectionPolicy;
  readonly #starts = new Map<string, Start>();
  readonly #over = new Set<string>();
  /** Who sends between a port of ours and an endpoint. */
  readonly #paths = new Map<string, Start>();

  constructor(
    contents: readonly ServedContent[],
    needs: SendingNeeds,
    most: number,
    policy: ProtectionPolicy = 'preferred',
  ) {
    this.#contents = new Map(contents.map((served) => [served.content.contentId, served]));
    this.#needs = needs;
    this.#most = most;
    this.#policy = policy;
  }

  /** Begins to send. The same request again gets the same answer and keys, whatever became of it since. */
  async start(request: StartRequest, owner?: string): Promise<Answer<StartAnswer>> {
    const before = this.#starts.get(request.sessionId);
    if (before) {
      if (mayUse(before, owner) && sameRequest(before.request, request)) return before.answer;
      return refused(refuse('request-conflict', `session ${request.sessionId} was started for something else`));
    }
    const placed = this.#place(request);
    if (placed.kind === 'refused') return placed;
    if (this.#starts.size - this.#over.size >= this.#most) {
      return refused(refuse('quota-exceeded', `the server already sends ${this.#most} contents; try again later`));
    }
    const taken = placed.value.placed.some((one) => {
      const stale = this.#paths.get(pathOf(one));
      return stale && !mayUse(stale, owner);
    });
    if (taken) return refused(refuse('request-conflict', 'what another portal started is sent there; try again later'));
    return this.#begin(request, owner, placed.value).answer;
  }

  /** The answer that a start got; undefined where there was none, or another portal's. */
  answered(sessionId: string, owner?: string): Promise<Answer<StartAnswer>> | undefined {
    const start = this.#starts.get(sessionId);
    return start && mayUse(start, owner) ? start.answer : undefined;
  }

  /** What was sent so far. */
  look(sessionId: string, owner?: string): Answer<StartView> {
    const start = this.#starts.get(sessionId);
    return start && mayUse(start, owner) ? granted(viewOf(start)) : unknown(sessionId);
  }

  /** Stops sending; answers what was sent in all. Again: the same. */
  async stop(sessionId: string, owner?: string): Promise<Answer<StartView>> {
    const start = this.#starts.get(sessionId);
    if (!start || !mayUse(start, owner)) return unknown(sessionId);
    await start.sending.stop();
    return granted(viewOf(start));
  }

  /** Stops everything. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#starts.values()].map(({ sending }) => sending.stop()));
  }

  #begin(request: StartRequest, owner: string | undefined, { content: served, placed, protection }: Placing): Start {
    const { sessionId } = request;
    const needs = { ...this.#needs, log: this.#needs.log.child({ sessionId }) };
    const paths = placed.map(pathOf);
    // A gateway lets one session in at an endpoint: whoever still sends there from before was not told of its end.
    for (const path of paths) {
      const stale = this.#paths.get(path);
      if (stale) needs.log.warn({ stale: stale.request.sessionId, path }, 'another session takes the place of one');
      void stale?.sending.stop();
    }
    const sending = new Sending(served.content, needs);
    const answer = sending.begin(placed).then(
      () => {
        needs.log.info({ contentId: request.contentId, streams: request.streams }, 'sending');
        const { keys, streams } = protection;
        return granted({ sessionId, state: sending.state, streams: sending.streams(), protection: streams, keys });
      },
      (error: unknown) => {
        // It never was: asking again tries again.
        this.#starts.delete(sessionId);
        this.#over.delete(sessionId);
        return refused(notStarted(error));
      },
    );
    const start = { request, owner, sending, answer, paths };
    this.#starts.set(sessionId, start);
    for (const path of paths) this.#paths.set(path, start);
    void sending.finished.then(() => this.#forget(start));
    return start;
  }

  #forget(start: Start): void {
    for (const path of start.paths) if (this.#paths.get(path) === start) this.#paths.delete(path);
    const { sessionId } = start.request;
    if (this.#starts.get(sessionId) !== start) return;
    this.#over.add(sessionId);
    const [oldest] = this.#over;
    if (this.#over.size <= mostRemembered || oldest === undefined) return;
    this.#over.delete(oldest);
    this.#starts.delete(oldest);
  }

  #place(request: StartRequest): Answer<Placing> {
    const served = this.#contents.get(request.contentId);
    if (!served) {
      const { contentId } = request;
      return refused(refuse('content-unknown', `there is no content ${contentId}; GET /v1/contents lists them`));
    }
    const named = new Set<string>();
    const placed: Placed[] = [];
    for (const { id, to } of request.streams) {
      const found = served.streams.find(({ stream }) => stream.id === id);
      if (!found || named.has(id)) {
        const message = found ? `stream ${id} is named twice` : `${request.contentId} has no stream ${id}`;
        return refused(refuse('malformed', message, id));
      }
      named.add(id);
      const family = familyOf(to.address);
      const datagrams = found.datagrams?.[family];
      const connections = found.connections?.[family];
      const own = (datagrams ?? connections)?.local.address;
      if (own === undefined) return refused(refuse('malformed', `nothing is sent over IPv${family} here`, id));
      // A server on loopback, as in tests, sends to loopback; no other does.
      if (!isUnicastHost(to.address) && isUnicastHost(own)) {
        return refused(refuse('address-not-unicast', `${to.address} is not one host's address`, id));
      }
      placed.push({
        stream: found.stream,
        to,
        datagrams,
        connections,
        armed: request.firstSpeaker[id] === 'appliance',
      });
    }
    const stray = placed.find(({ stream }) => stream.streamType === 'rtcp' && !named.has(stream.pairedWith));
    if (stray) {
      const { id } = stray.stream;
      return refused(refuse('malformed', `stream ${id} goes with the RTP stream that it reports on`, id));
    }
    const all = placed.map(({ stream }) => stream);
    const protection = protect(all, request.srtp ?? [], this.#policy);
    if ('code' in protection) return refused(protection);
    const shielded = placed.map((place) => {
      const { stream } = place;
      return { ...place, shield: protection.shields.get(stream.streamType === 'rtcp' ? stream.pairedWith : stream.id) };
    });
    return granted({ content: served, placed: shielded, protection });
  }
}

/** A portal has to do with its own alone. */
function mayUse(start: Start, owner: string | undefined): boolean {
  return owner === undefined || start.owner === owner;
}

function viewOf({ request, sending }: Start): StartView {
  return { sessionId: request.sessionId, state: sending.state, streams: sending.streams() };
}

function pathOf({ datagrams, connections, to }: Placed): string {
  const local = (datagrams ?? connections)?.local;
  return `${local && formatEndpoint(local)} ${formatEndpoint(to)} ${connections ? 'tcp' : 'udp'}`;
}

function sameRequest(a: StartRequest, b: StartRequest): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function notStarted(error: unknown): Refusal {
  if (error instanceof StreamNotBegun) {
    return refuse('media-not-started', `stream ${error.streamId}: ${error.message}`, error.streamId);
  }
  return refuse('media-not-started', error instanceof Error ? error.message : String(error));
}

function unknown(sessionId: string): Answer<never> {
  return refused(refuse('session-unknown', `nothing was started for session ${sessionId}`));
}

function granted<T>(value: T): Answer<T> {
  return { kind: 'granted', value };
}

function refused(refusal: Refusal): Answer<never> {
  return { kind: 'refused', refusal };
}
