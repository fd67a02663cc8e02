import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { RefusalCode } from '@sluice/model';
import { apiOf, householdSocket } from '../configurations.ts';
import { openingsInKernel } from '../once/kernel-openings.ts';
import { type Viewing, view } from '../once/viewer.ts';
import type { Deployment } from '../parts.ts';
import { awaitGateway } from '../registering.ts';
import { run } from '../run.ts';
import { row } from '../topologies/row.ts';
import { hostOf } from '../topology.ts';
import { deployed } from './deployed-home.ts';

const limit = { timeout: 120_000 };
const localPorts = { video: 5000, 'video-rtcp': 5001, audio: 5002, 'audio-rtcp': 5003, subtitles: 5004 };
const provisionalSeconds = 3;
/** Two of our agents, one behind the other, both translating. */
const twoAgents = row({
  outer: { name: 'outer', runs: { part: 'gateway', endpointId: 'self::outer' } },
  inner: { name: 'inner', runs: { part: 'gateway', endpointId: 'self::inner', home: 'home-1' } },
  between: '192.168.0',
});
const hops = ['inner', 'outer'] as const;
type HopHost = (typeof hops)[number];
let home: Deployment;

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
  home = await deployed(twoAgents, 'hops', overrides, AbortSignal.timeout(limit.timeout));
}, limit);
after(() => home[Symbol.asyncDispose]());

/** What the kernel of each hop holds: the inner one's, the outer one's. */
function held(signal: AbortSignal): Promise<readonly number[]> {
  return Promise.all(hops.map((hop) => openingsInKernel(home.network, hop, signal)));
}

function watch(signal: AbortSignal): Promise<Viewing> {
  return view(home, { contentId: 'film', family: 4, localPorts, firstSpeaker: {} }, signal);
}

function household(hop: HopHost, path: '/v1/pause' | '/v1/resume'): Promise<void> {
  const asked = request({ socketPath: householdSocket(home.directories, hop), path, method: 'POST' });
  return new Promise((resolve, reject) => {
    asked.on('error', reject).on('response', (answer) => {
      answer.resume();
      if (answer.statusCode === 200) resolve();
      else reject(new Error(`${path} at ${hop}: ${answer.statusCode}`));
    });
    asked.end();
  });
}

function inside(hop: HopHost, command: readonly string[], signal: AbortSignal, input?: string): Promise<string> {
  return run(['nsenter', `--net=${home.network.namespace(hop)}`, '--', ...command], signal, input);
}

const endpointOf = (hop: HopHost): string => hostOf(twoAgents, hop).runs?.endpointId ?? '';

/** Until the configuration server knows that it is gone. */
async function isAway(hop: HopHost, signal: AbortSignal): Promise<void> {
  const url = `${apiOf(home.network)}/v1/gateways/${encodeURIComponent(endpointOf(hop))}`;
  for (;;) {
    const { body } = await home.operator.ask('GET', url, undefined, signal);
    if (!(body as { online: boolean }).online) return;
    await setTimeout(20, undefined, { signal });
  }
}

/** What befalls a hop before the request, what the appliance is told then, and how it is over. */
interface Mishap {
  readonly what: string;
  readonly code: RefusalCode;
  /** What is asked of it arrives: it opens when it reads that, and nobody hears of it. */
  readonly opens?: 'at once' | 'later';
  begin(hop: HopHost, signal: AbortSignal): Promise<void>;
  end(hop: HopHost, signal: AbortSignal): Promise<void>;
}

const mishaps: readonly Mishap[] = [
  {
    what: 'refuses by its policy',
    code: 'paused',
    begin: (hop) => household(hop, '/v1/pause'),
    end: (hop) => household(hop, '/v1/resume'),
  },
  {
    what: 'stands still, and reads the request when it goes on',
    code: 'gateway-silent',
    opens: 'later',
    begin: async (hop) => home.part(hop).kill('SIGSTOP'),
    end: async (hop) => home.part(hop).kill('SIGCONT'),
  },
  {
    what: 'answers, and the answer is lost',
    code: 'gateway-silent',
    opens: 'at once',
    async begin(hop, signal) {
      const rules = `table inet loss { chain out { type filter hook output priority 0; tcp dport 8445 drop; }; }\n`;
      await inside(hop, ['nft', '-f', '-'], signal, rules);
    },
    async end(hop, signal) {
      await inside(hop, ['nft', 'delete', 'table', 'inet', 'loss'], signal);
    },
  },
  {
    what: 'is gone',
    code: 'gateway-offline',
    async begin(hop, signal) {
      home.part(hop).kill('SIGKILL');
      await home.part(hop).ended;
      await isAway(hop, signal);
    },
    end: async (hop, signal) => void (await home.start(hop, signal)),
  },
];

for (const hop of hops)
  for (const { what, code, opens, begin, end } of mishaps)
    test(`the ${hop} hop ${what}: nothing stays open at the other one, nor at it`, limit, async (t) => {
      if (opens) await watchBriefly(t.signal);
      await begin(hop, t.signal);
      await using viewing = await watch(t.signal);
      while (opens === 'at once' && (await openingsInKernel(home.network, hop, t.signal)) !== 5)
        await setTimeout(20, undefined, { signal: t.signal });
      const { refusal } = await viewing.result;
      assert.equal(refusal?.code, code, JSON.stringify(refusal));
      const other = hops.find((each) => each !== hop) ?? hop;
      assert.equal(await openingsInKernel(home.network, other, t.signal), 0, 'when the appliance is told');
      await end(hop, t.signal);
      // What nobody could undo there had a provisional lease, also where it was made only now.
      const endOfLease = performance.now() + (provisionalSeconds + 10) * 1_000;
      while ((await held(t.signal)).some((count) => count > 0)) {
        assert.ok(performance.now() < endOfLease, 'a provisional lease has ended by now');
        await setTimeout(100);
      }
      await awaitGateway(home.network, home.operator, endpointOf(hop), t.signal);
    });

test('afterwards a session opens both, and closes both', limit, (t) => watchBriefly(t.signal));

async function watchBriefly(signal: AbortSignal): Promise<void> {
  await using viewing = await watch(signal);
  await viewing.open;
  assert.deepEqual(await held(signal), [5, 5]);
  await viewing.arrived(['video', 'audio']);
  viewing.process.kill('SIGTERM');
  await viewing.left;
  assert.deepEqual(await held(signal), [0, 0]);
}
