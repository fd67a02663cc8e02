/** An honest appliance among a flood, as a process: `node honest-main.ts ORDERS`. Prints its times. */
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { clientTls, joinDeployment } from '@sluice/identity';
import { silentLog, systemClock } from '@sluice/io';
import { connectPortal, realSurroundings, requestContent } from '../../apps/appliance/index.ts';
import type { Door, HonestOrders, HonestTimes } from './orders.ts';

const orders = JSON.parse(process.argv[2] ?? '{}') as HonestOrders;
const own = await joinDeployment({ directory: orders.identity, clock: systemClock, log: silentLog });
const failures: string[] = [];
const patience = 10_000;

/** A session on connections of its own, from the first of them to the verdict. */
async function holdSession(): Promise<number> {
  const began = performance.now();
  await using connected = connectPortal(orders.portal, own, undefined);
  const wish = { contentId: orders.contentId };
  const answer = await requestContent(connected.portal, wish, {}, realSurroundings, AbortSignal.timeout(patience));
  const took = performance.now() - began;
  if (answer.kind === 'refused') throw new Error(`${answer.refusal.code}: ${answer.refusal.message}`);
  await answer.value.leave();
  return took;
}

/** From connecting to the first octet of an answer. */
async function knock({ address, port, path, plain }: Door): Promise<number> {
  const began = performance.now();
  const tls = { ...clientTls(own.identity), checkServerIdentity: () => undefined };
  const socket = plain ? connectTcp({ host: address, port }) : connectTls({ ...tls, host: address, port });
  try {
    socket.write(`GET ${path} HTTP/1.1\r\nhost: ${plain ? `127.0.0.1:${port}` : 'part'}\r\n\r\n`);
    const [head] = (await once(socket, 'data', { signal: AbortSignal.timeout(patience) })) as [Buffer];
    if (!head.toString('latin1').startsWith('HTTP/1.1 ')) throw new Error('no HTTP');
    return performance.now() - began;
  } finally {
    socket.destroy();
  }
}

async function measure(into: number[], what: string, act: () => Promise<number>): Promise<void> {
  const began = performance.now();
  try {
    into.push(await act());
  } catch (error) {
    failures.push(`${what} after ${Math.round(performance.now() - began)} ms: ${String(error)}`);
  }
}

const sessions: number[] = [];
const doors = new Map(orders.doors.map(({ name }) => [name, [] as number[]]));
for (let n = 0; n < Math.max(orders.sessions, orders.knocks); n++) {
  if (n < orders.sessions) await measure(sessions, 'a session', holdSession);
  if (n < orders.knocks)
    for (const door of orders.doors) await measure(doors.get(door.name) ?? [], door.name, () => knock(door));
}
const times: HonestTimes = { sessions, doors: Object.fromEntries(doors), failures };
process.stdout.write(`${JSON.stringify(times)}\n`, () => process.exit());
