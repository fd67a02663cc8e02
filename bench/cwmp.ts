import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@sluice/io';
import { run } from '../lab/index.ts';
import { RawDevice } from '../packages/cwmp-acs/test/raw-device.ts';
import { Cpe } from '../packages/drivers/cwmp/test/cpe/cpe.ts';
import { type Command, deviceNumber, type Reply, requestNumber } from './cwmp-devices.ts';
import { type Benchmark, describeSpread, spreadOf } from './figures.ts';

const devices = 300;
const atOnce = 50;
/** Devices that only tell that they are there. */
const idle = 100;
const registered = devices + idle;
const informs = 3_000;
/** Devices that tell themselves every 300 s, on one core. */
const population = { devices: 10_000, everySeconds: 300 };

type Say = Parameters<Benchmark['run']>[0];

/** Mappings on TR-069 devices that are woken for it, and devices that only tell that they are there. */
export const cwmpBenchmark: Benchmark = {
  name: 'cwmp',
  about: `one mapping on each of ${devices} TR-069 devices, ${atOnce} at once, each woken for it; then Informs alone`,
  async run(say, signal) {
    await run(['ip', 'link', 'set', 'lo', 'up'], signal);
    // A database on disk: durability is part of what is measured.
    const folder = mkdtempSync('/var/tmp/sluice-bench-cwmp-');
    await using boxes = new AsyncDisposableStack();
    boxes.defer(() => rmSync(folder, { recursive: true }));
    const server = new Server(join(folder, 'store.db'));
    boxes.defer(() => server.stop());
    const port = await server.ready;
    const cpes = Array.from({ length: devices }, (_, n) => boxes.use(cpeNumber(n, port)));
    // Their first sessions: the server finds out where mappings are made on them.
    await eachOf(cpes, atOnce, (cpe) => cpe.start());
    await measureMappings(server, cpes, say);
    await measureInforms(server, port, say);
  },
};

async function measureMappings(server: Server, cpes: readonly Cpe[], say: Say): Promise<void> {
  const began = await server.cpu();
  const waited = { set: [] as number[], ours: [] as number[], last: [] as number[], whole: [] as number[] };
  await eachOf(cpes, atOnce, async (cpe, n) => {
    const asked = performance.now();
    const at = await server.open(n);
    const waits = waitsOf(cpe, at);
    waited.set.push(waits.set);
    waited.ours.push(waits.ours);
    waited.last.push(waits.last);
    waited.whole.push(at - asked);
  });
  const each = ((await server.cpu()) - began) / devices;
  const within = (name: string, samples: readonly number[]) => {
    const spread = spreadOf(samples);
    say({ name, figure: `${describeSpread(spread, 'ms')} (p50 under 50)`, holds: spread.p50 < 50 });
  };
  within('verdict after the last that the device said', waited.last);
  within('verdict after the device said that it is set, without its own time', waited.ours);
  say({ name: 'the same with its own time', figure: describeSpread(spreadOf(waited.set), 'ms') });
  say({ name: 'asked to verdict, the device woken', figure: describeSpread(spreadOf(waited.whole), 'ms') });
  say({ name: 'processor time a mapping', figure: `${each.toFixed(2)} ms (under 9)`, holds: each < 9 });
  const rows = cpes.filter((cpe) => cpe.mappings.length === 1).length;
  say({ name: 'devices with their one row', figure: `${rows} of ${devices}`, holds: rows === devices });
}

/** How long a verdict took after the device's answers before it. `ours`: from the one that it is set, but for its own time. */
function waitsOf(
  { exchanges }: Cpe,
  at: number,
): { readonly set: number; readonly ours: number; readonly last: number } {
  // What was answered after the verdict is of the renewal that follows it.
  const before = exchanges.filter(({ answeredAt }) => answeredAt <= at);
  const index = before.findLastIndex(({ name }) => name === 'SetParameterValues');
  const [set, ...after] = before.slice(index);
  const last = before.at(-1);
  if (index < 0 || !set || !last) throw new Error('a verdict without what it is about');
  const devices = after.reduce((sum, { askedAt, answeredAt }) => sum + answeredAt - askedAt, 0);
  return { set: at - set.answeredAt, ours: at - set.answeredAt - devices, last: at - last.answeredAt };
}

/** Devices that say "2 PERIODIC" and have nothing to do, each on a new connection, with Digest. */
async function measureInforms(server: Server, port: number, say: Say): Promise<void> {
  const numbers = Array.from({ length: idle }, (_, n) => devices + n);
  // The first session of each is a look at it.
  await eachOf(numbers, atOnce, async (n) => {
    await using cpe = cpeNumber(n, port);
    await cpe.start();
  });
  const [began, at] = [await server.cpu(), performance.now()];
  const each = Array.from({ length: informs }, (_, n) => numbers[n % idle] ?? 0);
  await eachOf(each, 16, async (n) => {
    const { login } = deviceNumber(n);
    const device = new RawDevice({ port, login, identity: { oui: '00D09E', serialNumber: String(n) } });
    const answer = await device.inform(['2 PERIODIC'], { [root(n)]: '' });
    const end = await device.say();
    device.hangUp();
    if (answer.status !== 200 || end.status !== 204)
      throw new Error(`an Inform came to ${answer.status}, ${end.status}`);
  });
  const ms = ((await server.cpu()) - began) / informs;
  const rate = (informs / (performance.now() - at)) * 1_000;
  say({ name: 'processor time an Inform', figure: `${ms.toFixed(2)} ms, at ${rate.toFixed(0)} a second` });
  const share = (ms * population.devices) / population.everySeconds / 1_000;
  say({
    name: `${population.devices} devices every ${population.everySeconds} s`,
    figure: `${(share * 100).toFixed(1)} % of one core (under 100)`,
    holds: share < 1,
  });
}

function modelOf(n: number): 'tr-098' | 'tr-181' {
  return n % 2 === 0 ? 'tr-098' : 'tr-181';
}

function root(n: number): string {
  return `${modelOf(n) === 'tr-098' ? 'InternetGatewayDevice' : 'Device'}.ManagementServer.ParameterKey`;
}

function cpeNumber(n: number, port: number): Cpe {
  const { login, connectionRequest } = deviceNumber(n);
  return new Cpe({
    model: modelOf(n),
    external: '203.0.113.1',
    lan: { address: '192.168.1.1', mask: '255.255.255.0' },
    acs: { port },
    identity: { oui: '00D09E', serialNumber: String(n) },
    login,
    connectionRequest,
    clock: systemClock,
  });
}

/** Acts on each, so many at once. */
async function eachOf<T>(items: readonly T[], count: number, act: (item: T, index: number) => Promise<void>) {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) await act(items[index] as T, index);
  };
  await Promise.all(Array.from({ length: count }, worker));
}

/** The configuration server's process. */
class Server {
  readonly ready: Promise<number>;
  readonly #process: ChildProcess;
  readonly #waiting = new Map<string, (reply: Reply & { kind: 'opened' }) => void>();
  #count = 0;

  constructor(database: string) {
    const program = new URL('cwmp-server.ts', import.meta.url).pathname;
    this.#process = fork(program, [database, String(registered)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#process.on('message', (reply: Reply) => {
      if (reply.kind === 'opened') this.#waiting.get(reply.requestId)?.(reply);
    });
    this.ready = this.#next('ready').then(({ port }) => port);
  }

  /** Opens a mapping on the n-th device; when the verdict came, by performance.now(). Rejects where it is refused. */
  async open(n: number): Promise<number> {
    const requestId = `r${this.#count++}`;
    const { promise, resolve } = Promise.withResolvers<Reply & { kind: 'opened' }>();
    this.#waiting.set(requestId, resolve);
    this.#tell({ kind: 'open', request: requestNumber(n, requestId) });
    const { at, refusal } = await promise;
    this.#waiting.delete(requestId);
    if (refusal !== undefined) throw new Error(refusal);
    return at - performance.timeOrigin;
  }

  /** Processor time that it used so far, ms. */
  async cpu(): Promise<number> {
    const next = this.#next('cpu');
    this.#tell({ kind: 'cpu' });
    return (await next).ms;
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.disconnect();
    await ended;
  }

  #tell(command: Command): void {
    this.#process.send(command);
  }

  async #next<K extends Reply['kind']>(kind: K): Promise<Reply & { kind: K }> {
    for (;;) {
      const [reply] = (await once(this.#process, 'message')) as [Reply];
      if (reply.kind === kind) return reply as Reply & { kind: K };
    }
  }
}
