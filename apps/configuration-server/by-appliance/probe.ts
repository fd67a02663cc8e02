import { randomBytes } from 'node:crypto';
import type { LinkAnswer, ProbeResults } from '@sluice/api';
import type { Probe } from '@sluice/control';
import { tryConnecting, trySending } from '@sluice/io';
import { type Clock, type GrantedOpening, plainTransportOf } from '@sluice/model';
import { trialLength, writeProbe } from '@sluice/wire/probe';
import { findingsOf, type TriedOpening } from './findings.ts';
import type { ApplianceLink, Question } from './link.ts';
import type { ApplianceLinks } from './links.ts';

/** Longest time for all packets of a session, ms, and the time that a stray one is given to arrive. */
const mostMs = 1_500;
const leastMs = 150;
/** What asking the appliance and the media server about them may take more, ms. */
const askingMs = 1_000;

/**
 * Tries what an appliance says its gateway opened: the media server sends from its own ports and from others, this
 * machine sends from where nothing should come in, and the appliance tells what it heard. Undefined where the appliance
 * is not connected: nobody could tell.
 */
export function probeThrough({ links, clock }: { readonly links: ApplianceLinks; readonly clock: Clock }): Probe {
  return async ({ gateway, request, openings }, signal) => {
    // An appliance tells what came through openings that it made itself, and through no others.
    if (gateway.communication.through !== 'appliance') return undefined;
    // It hears nothing at another program's ports, and that program is sent nothing but its content.
    if (request.receiver === 'program') return undefined;
    const [link] = links.of(request.applianceId);
    if (!link) return undefined;
    const late = new AbortController();
    const cancels = [clock.after(mostMs + askingMs, () => late.abort())];
    const over = new AbortController();
    cancels.push(clock.after(mostMs, () => over.abort()));
    try {
      const asking = AbortSignal.any([signal, late.signal]);
      const sending = AbortSignal.any([signal, over.signal]);
      const trial = randomBytes(trialLength);
      const streams = openings.map((opening) => ({ id: streamOf(opening, request.streams), opening }));
      const began = clock.now();
      const strays = Promise.all(openings.map((opening) => stray(opening, trial, clock, sending)));
      const { gatewayId, type, communication } = gateway;
      const about = { gateway: { gatewayId, type, communication }, now: clock.now(), withinMs: mostMs + askingMs };
      const number = trial.toString('hex');
      const question = { ...about, ask: 'probed', trial: number, openings: [...openings], leastMs, mostMs };
      const to = streams.map(({ id, opening }) => ({ id, to: opening.global }));
      const [heard, server] = await Promise.all([
        hearing(link, question as unknown as Question, asking),
        trying(link, { contentId: request.contentId, trial: number, streams: to }, asking),
      ]);
      // The server's own have arrived by now: a stray connection that has not is not let in.
      cancels.push(clock.after(Math.max(0, began + leastMs - clock.now()), () => over.abort()));
      const sent = await strays;
      const tried = streams.map(({ id, opening }, index): TriedOpening => {
        const of = heard?.filter(({ openingId }) => openingId === opening.id).map(({ from }) => from);
        const stream = server?.streams.find((each) => each.id === id);
        return { opening, server: stream, stray: sent[index] ?? { outcome: 'failed' }, heard: of };
      });
      return findingsOf(tried);
    } finally {
      for (const cancel of cancels) cancel();
    }
  };
}

type Heard = Extract<LinkAnswer['answer'], { kind: 'probed' }>['heard'];

async function hearing(link: ApplianceLink, question: Question, signal: AbortSignal): Promise<Heard | undefined> {
  try {
    const { answer } = await link.ask(question, signal);
    return answer.kind === 'probed' ? answer.heard : undefined;
  } catch {
    return undefined;
  }
}

async function trying(
  link: ApplianceLink,
  order: Parameters<ApplianceLink['order']>[0],
  signal: AbortSignal,
): Promise<ProbeResults | undefined> {
  try {
    return await link.order(order, signal);
  } catch {
    return undefined;
  }
}

function stray(opening: GrantedOpening, trial: Uint8Array, clock: Clock, signal: AbortSignal) {
  if (plainTransportOf(opening.streamType) === 'tcp') return tryConnecting(opening.global, signal);
  return trySending(opening.global, writeProbe(opening, trial), clock, signal);
}

/** An opening's id ends with its stream's place in the request. */
function streamOf({ id }: GrantedOpening, streams: readonly { readonly id: string }[]): string {
  return streams[Number(id.slice(id.lastIndexOf('-') + 1))]?.id ?? id;
}
