import { type ContentSession, type GrantedOpening, refuse, type SessionOpening } from '@sluice/model';
import { limited, TimedOut } from '../bounded.ts';
import type { Verdict } from '../control.ts';
import { messageOf } from '../gateways/link.ts';
import { checkStreams } from '../planning/streams.ts';
import { askPath, checkHops } from './asking.ts';
import type { Asked } from './asking-hop.ts';
import { closeLive, undo } from './closing.ts';
import type { Leases } from './leases.ts';
import { type LiveHop, LiveSession } from './live.ts';
import type { SessionPath } from './path.ts';
import { checkQuotas } from './quotas.ts';
import type { Workings } from './workings.ts';

/** A session that a request begins, or the two halves of a call: asked of nobody yet. */
export function beginSession(
  w: Workings,
  { request, peer }: Pick<ContentSession, 'request' | 'peer'>,
  path: SessionPath,
): LiveSession {
  const now = w.clock.now();
  const endsAt = now + w.settings.longestSessionMs;
  const consent = request.consent === undefined ? 'not signed: its flow alone' : 'signed by the device';
  const session: ContentSession = {
    sessionId: newSessionId(now, w.random),
    request,
    ...(peer && { peer }),
    gatewayId: path[0]?.gatewayId ?? '',
    ...(path.length > 1 && { hops: path.map(({ link: _, ...hop }) => hop) }),
    state: 'opening',
    openings: [],
    createdAt: now,
    until: now,
    endsAt,
    timeline: [
      { at: now, step: 'asked', detail: `${request.contentId}, ${request.streams.length} streams, ${consent}` },
    ],
  };
  w.tell({ event: 'asked', session });
  const links = path.map(({ link }) => link);
  return new LiveSession(session, links, now, w.tell);
}

/** The way of a new session to its one verdict. Durable when it resolves; rejects where it could not be made so. */
export async function reachVerdict(w: Workings, leases: Leases, live: LiveSession): Promise<Verdict> {
  const asked = await decide(w, live);
  if (asked.kind === 'refused') return refused(w, live, asked);
  try {
    await w.records.now(live.session);
  } catch (error) {
    // What is not remembered must not stay open.
    await closeLive(w, live, 'failed', 'the verdict could not be stored').catch(() => undefined);
    throw error;
  }
  // These last steps are written with the first renewal: one durable write a verdict.
  live.note(w.clock.now(), 'stored');
  leases.attend(live);
  return { kind: 'granted', session: live.session };
}

function opened(w: Workings, live: LiveSession, asked: Asked & { kind: 'held' }): void {
  const now = w.clock.now();
  const openings = live.hops.flatMap((hop) => sessionOpenings(live, hop, asked.openings[hop.index] ?? []));
  const { holding, until } = asked;
  for (const note of holding.notes) live.note(now, 'promise-not-kept', note);
  live.move(now, 'granted', 'opened', portsOf(openings), { openings, holding, until });
}

/** What a hop's gateway granted, in the order of the request, whatever the gateway's. */
function sessionOpenings(live: LiveSession, hop: LiveHop, granted: readonly GrantedOpening[]): SessionOpening[] {
  return live.openingIdsOf(hop).flatMap((id, index) => {
    const opening = granted.find((each) => each.id === id);
    if (!opening) return [];
    // Flow, consent and start are the request's and are remembered once, what may be lacking the deployment's.
    const { flow: _, consent: _signed, start: _told, mayLack: _allowed, ...lasting } = opening;
    const streamId = live.request.streams[index]?.id ?? '';
    return [{ ...lasting, streamId, ...(hop.index > 0 && { hop: hop.index }) }];
  });
}

/** What is known before the gateways are asked, then what they say. */
async function decide(w: Workings, live: LiveSession): Promise<Asked> {
  const no = checkStreams(live.request.streams) ?? checkHops(w, live) ?? checkQuotas(w, live);
  if (no) return { kind: 'refused', refusal: no, clean: true };
  try {
    return await limited(w.clock, w.settings.verdictMs, [w.stopped], (signal) =>
      withTurns(live.hops, signal, async () => {
        const asked = await askPath(w, live, signal);
        // Still in its turn: whoever puts a gateway right next must know what this session wants there.
        if (asked.kind === 'held') opened(w, live, asked);
        return asked;
      }),
    );
  } catch (error) {
    const late = error instanceof TimedOut || w.stopped.aborted;
    if (!late) w.log.error({ sessionId: live.id, reason: messageOf(error) }, 'asking the gateway failed');
    const refusal = late
      ? refuse('timeout', 'the gateway was busy with being put right; ask again with a new request id')
      : refuse('gateway-refused', 'the configuration server failed to ask the gateway; tell the operator');
    return { kind: 'refused', refusal, clean: late };
  }
}

/** Acts while no gateway of the path is being put right. Turns are taken in one order everywhere: nobody waits in a ring. */
function withTurns<T>(hops: readonly LiveHop[], signal: AbortSignal, act: () => Promise<T>): Promise<T> {
  const links = [...new Set(hops.map(({ link }) => link))].sort((one, other) => (one.name < other.name ? -1 : 1));
  return links.reduceRight<() => Promise<T>>(
    (inner, { turns }) =>
      () =>
        turns.shared(signal, inner),
    act,
  )();
}

async function refused(w: Workings, live: LiveSession, asked: Asked & { kind: 'refused' }): Promise<Verdict> {
  const { refusal, clean } = asked;
  live.move(w.clock.now(), clean ? 'refused' : 'doubted', 'refused', `${refusal.code}: ${refusal.message}`, {
    refusal,
  });
  if (!clean) live.closing = undo(w, live);
  try {
    await w.records.now(live.session);
  } finally {
    if (clean) w.live.remove(live);
  }
  return { kind: 'refused', refusal, session: live.session };
}

/** 's', the time in base 36, so that ids are in the order of their sessions, and 12 random characters: 62 bits. */
function newSessionId(now: number, random: () => number): string {
  let id = `s${now.toString(36).padStart(9, '0')}`;
  for (let i = 0; i < 12; i++) id += Math.floor(random() * 36).toString(36);
  return id;
}

function portsOf(openings: ContentSession['openings']): string {
  return openings.map(({ streamId, globalPort }) => `${streamId} on ${globalPort}`).join(', ');
}
