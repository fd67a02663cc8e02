import { Unreachable } from '@sluice/driver';
import type { Clock } from '@sluice/model';
import { versionIsOpen } from '@sluice/port-control';
import { type AskingPorts, askPcp } from './asking.ts';
import type { GatewayMemory, ServerMemory } from './memory.ts';

/** How long the second IP version is waited for when the first has answered, ms. */
const secondMs = 500;

/** Finds out which of a gateway's servers answer, and in which version; by ANNOUNCE, which changes nothing (RFC 6887 14). */
export async function greet(
  servers: readonly ServerMemory[],
  gateway: GatewayMemory,
  ports: AskingPorts,
  signal: AbortSignal,
): Promise<void> {
  const open = servers.filter(({ version }) => versionIsOpen(version, ports.clock.now()));
  if (open.length === 0) return;
  const enough = new AbortController();
  const both = AbortSignal.any([signal, enough.signal]);
  const reasons: string[] = [];
  const greeted = open.map(async (server) => {
    const reply = await askPcp({ lifetime: 0, body: { kind: 'announce' } }, server, gateway, ports, both);
    if (reply.kind !== 'answer') reasons.push(reply.reason);
    return reply.kind === 'answer';
  });
  const first = await firstTrue(greeted);
  if (!first && servers.every(({ version }) => version === undefined))
    throw new Unreachable(`${gateway.gatewayId} does not answer PCP: ${reasons.join('; ')}`);
  await within(ports.clock, secondMs, Promise.all(greeted));
  enough.abort(new Error('the other IP version answered'));
  await Promise.all(greeted);
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
