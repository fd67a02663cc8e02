import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { RefusalCode } from '@sluice/model';
import { apiOf, householdSocket } from '../configurations.ts';
import { startCaller } from '../once/caller.ts';
import { openingsInKernel } from '../once/kernel-openings.ts';
import { view } from '../once/viewer.ts';
import type { Deployment } from '../parts.ts';
import { awaitGateway } from '../registering.ts';
import { run } from '../run.ts';
import { hostOf, type Topology } from '../topology.ts';
import { deployed } from './deployed-home.ts';

/** What is asked for, and what it comes to. */
interface Attempt {
  /** Openings that it has at each gateway. */
  readonly openings: number;
  /** Asks, and gives the refusal's code. */
  refusal(home: Deployment, signal: AbortSignal): Promise<string | undefined>;
  /** Asks, and lets it end when `look` has seen it open. */
  whileOpen(home: Deployment, look: () => Promise<void>, signal: AbortSignal): Promise<void>;
}

const localPorts = { video: 5000, 'video-rtcp': 5001, audio: 5002, 'audio-rtcp': 5003, subtitles: 5004 };
const wish = { contentId: 'film', family: 4, localPorts, firstSpeaker: {} } as const;

/** The first home's television plays the film. */
export const film: Attempt = {
  openings: 5,
  async refusal(home, signal) {
    await using viewing = await view(home, wish, signal);
    return (await viewing.result).refusal?.code;
  },
  async whileOpen(home, look, signal) {
    await using viewing = await view(home, wish, signal);
    await viewing.open;
    await look();
    await viewing.arrived(['video', 'audio']);
    viewing.process.kill('SIGTERM');
    await viewing.left;
  },
};

/** The televisions of two homes call each other. */
export const call: Attempt = {
  openings: 2,
  async refusal(home, signal) {
    const results = await callBriefly(home, signal);
    return results.find(({ code }) => code !== undefined)?.code;
  },
  async whileOpen(home, look, signal) {
    const called = callBriefly(home, signal);
    await look();
    for (const { verdict, message } of await called) assert.equal(verdict, 'pass', message);
  },
};

async function callBriefly(home: Deployment, signal: AbortSignal) {
  const plan = { name: 'brief', family: 4, seconds: 1 } as const;
  await using one = await startCaller(home, 'tv-1', 'tv-2', plan, signal);
  await using two = await startCaller(home, 'tv-2', 'tv-1', plan, signal);
  return await Promise.all([one.result, two.result]);
}

/** What befalls a hop before the request, what the appliance is told then, and how it is over. */
interface Mishap {
  readonly what: string;
  readonly code: RefusalCode;
  /** What is asked of it arrives: it opens when it reads that, and nobody hears of it. */
  readonly opens?: 'at once' | 'later';
  begin(home: Deployment, hop: string, signal: AbortSignal): Promise<void>;
  end(home: Deployment, hop: string, signal: AbortSignal): Promise<void>;
}

const mishaps: readonly Mishap[] = [
  {
    what: 'refuses by its policy',
    code: 'paused',
    begin: (home, hop) => household(home, hop, '/v1/pause'),
    end: (home, hop) => household(home, hop, '/v1/resume'),
  },
  {
    what: 'stands still, and reads the request when it goes on',
    code: 'gateway-silent',
    opens: 'later',
    begin: async (home, hop) => home.part(hop).kill('SIGSTOP'),
    end: async (home, hop) => home.part(hop).kill('SIGCONT'),
  },
  {
    what: 'answers, and the answer is lost',
    code: 'gateway-silent',
    opens: 'at once',
    async begin(home, hop, signal) {
      const rules = `table inet loss { chain out { type filter hook output priority 0; tcp dport 8445 drop; }; }\n`;
      await inside(home, hop, ['nft', '-f', '-'], signal, rules);
    },
    async end(home, hop, signal) {
      await inside(home, hop, ['nft', 'delete', 'table', 'inet', 'loss'], signal);
    },
  },
  {
    what: 'is gone',
    code: 'gateway-offline',
    async begin(home, hop, signal) {
      home.part(hop).kill('SIGKILL');
      await home.part(hop).ended;
      await isAway(home, hop, signal);
    },
    end: async (home, hop, signal) => void (await home.start(hop, signal)),
  },
];

const limit = { timeout: 120_000 };
const provisionalSeconds = 3;

/**
 * Registers tests: each of two gateways that a session needs fails in each way, and nothing stays open at either. All are
 * our agents. `prefix`: of the network's namespaces.
 */
export function hopsFail(prefix: string, topology: Topology, hops: readonly [string, string], attempt: Attempt): void {
  let home: Deployment;
  const held = (signal: AbortSignal) => Promise.all(hops.map((hop) => openingsInKernel(home.network, hop, signal)));
  const until = async (holds: () => Promise<boolean>, signal: AbortSignal): Promise<void> => {
    while (!(await holds())) await setTimeout(20, undefined, { signal });
  };
  const succeed = async (signal: AbortSignal): Promise<void> => {
    const everything = hops.map(() => attempt.openings);
    const isOpen = async () => `${await held(signal)}` === `${everything}`;
    await attempt.whileOpen(home, () => until(isOpen, signal), signal);
    assert.deepEqual(await held(signal), [0, 0]);
  };

  before(async () => {
    const overrides = {
      'media-server': { filmSeconds: 10 },
      'configuration-server': {
        leases: { provisionalSeconds },
        // So that opening is the first thing that is asked of a gateway that is known.
        portAgreement: 'propose',
        limits: { exchangeMs: 1_000, verdictMs: 4_000 },
      },
      gateway: { redial: { minimumWaitMs: 100, multiplier: 1_000 } },
    };
    home = await deployed(topology, prefix, overrides, AbortSignal.timeout(limit.timeout));
  }, limit);
  after(() => home[Symbol.asyncDispose]());

  for (const hop of hops)
    for (const { what, code, opens, begin, end } of mishaps)
      test(`${hop} ${what}: nothing stays open at the other one, nor at it`, limit, async (t) => {
        if (opens) await succeed(t.signal);
        await begin(home, hop, t.signal);
        const refusal = attempt.refusal(home, t.signal);
        refusal.catch(() => {});
        const holdsAll = async () => (await openingsInKernel(home.network, hop, t.signal)) === attempt.openings;
        if (opens === 'at once') await until(holdsAll, t.signal);
        assert.equal(await refusal, code);
        const other = hops.find((each) => each !== hop) ?? hop;
        assert.equal(await openingsInKernel(home.network, other, t.signal), 0, 'when the appliance is told');
        await end(home, hop, t.signal);
        // What nobody could undo there had a provisional lease, also where it was made only now.
        const endOfLease = performance.now() + (provisionalSeconds + 10) * 1_000;
        while ((await held(t.signal)).some((count) => count > 0)) {
          assert.ok(performance.now() < endOfLease, 'a provisional lease has ended by now');
          await setTimeout(100);
        }
        await awaitGateway(home.network, home.operator, endpointOf(home, hop), t.signal);
      });

  test('afterwards a session opens both, and closes both', limit, (t) => succeed(t.signal));
}

function endpointOf({ network }: Deployment, hop: string): string {
  return hostOf(network.topology, hop).runs?.endpointId ?? '';
}

function household({ directories }: Deployment, hop: string, path: '/v1/pause' | '/v1/resume'): Promise<void> {
  const asked = request({ socketPath: householdSocket(directories, hop), path, method: 'POST' });
  return new Promise((resolve, reject) => {
    asked.on('error', reject).on('response', (answer) => {
      answer.resume();
      if (answer.statusCode === 200) resolve();
      else reject(new Error(`${path} at ${hop}: ${answer.statusCode}`));
    });
    asked.end();
  });
}

function inside(
  { network }: Deployment,
  hop: string,
  command: readonly string[],
  signal: AbortSignal,
  input?: string,
): Promise<string> {
  return run(['nsenter', `--net=${network.namespace(hop)}`, '--', ...command], signal, input);
}

/** Until the configuration server knows that it is gone. */
async function isAway(home: Deployment, hop: string, signal: AbortSignal): Promise<void> {
  const url = `${apiOf(home.network)}/v1/gateways/${encodeURIComponent(endpointOf(home, hop))}`;
  for (;;) {
    const { body } = await home.operator.ask('GET', url, undefined, signal);
    if (!(body as { online: boolean }).online) return;
    await setTimeout(20, undefined, { signal });
  }
}
