import { Unreachable } from '@sluice/driver';
import type { Clock } from '@sluice/model';
import { versionIsOpen } from '@sluice/port-control';
import { type AskingPorts, askPcp } from './asking.ts';
import type { GatewayMemory, ServerMemory } from './memory.ts';

/** How long the other IP version is waited for when the first has answered; most gateways speak PCP over one alone, ms. */
const otherMs = 100;

/** How long an answer of the other is still heard: a second sending is answered within that, ms. */
const heardMs = 4_000;

/** Finds out which of a gateway's servers answer, and in which version; by ANNOUNCE, which changes nothing (RFC 6887 14). */
export async function greet(
  servers: readonly ServerMemory[],
  gateway: GatewayMemory,
  ports: AskingPorts,
  signal: AbortSignal,
): Promise<void> {
  const open = servers.filter(({ version }) => versionIsOpen(version, ports.clock.now()));
  if (open.length === 0) return;
  const tooLate = new AbortController();
  const asking = open.map((server) => {
    const first = servers.every(({ version }) => version === undefined);
    const end = first ? AbortSignal.any([signal, tooLate.signal]) : tooLate.signal;
    return askPcp({ lifetime: 0, body: { kind: 'announce' } }, server, gateway, ports, end);
  });
  const cancel = ports.clock.after(heardMs, () => tooLate.abort(new Error('it does not answer')));
  const replies = Promise.all(asking);
  replies.then(cancel, cancel);
  if (servers.some(({ version }) => version !== undefined)) return within(ports.clock, otherMs, replies);
  const answered = await firstTrue(asking.map(async (reply) => (await reply).kind === 'answer'));
  if (answered) return within(ports.clock, otherMs, replies);
  const reasons = (await replies).map((reply) => ('reason' in reply ? reply.reason : ''));
  throw new Unreachable(`${gateway.gatewayId} does not answer PCP: ${reasons.join('; ')}`);
}

/** Resolves to true as soon as one is, else to false when all are known. */
function firstTrue(promises: readonly Promise<boolean>[]): Promise<boolean> {
  return new Promise((resolve, reject) => {
    for (const promise of promises) promise.then((value) => value && resolve(true), reject);
    Promise.all(promises).then(() => resolve(false), reject);
  });
}

/** Waits for it, and no longer than `ms`. */
function within(clock: Clock, ms: number, promise: Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, resolve);
    promise.then(() => {
      cancel();
      resolve();
    }, reject);
  });
}
