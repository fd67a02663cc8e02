import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkConsent, signConsent, signingKey } from '@sluice/consent';
import { openDataPlane } from '@sluice/kernel';
import { buildNetwork, homes, run } from '../lab/index.ts';
import { inNamespace } from '../lab/packets/index.ts';
import { type Benchmark, describeSpread, spreadOf } from './figures.ts';

const flows = 100_000;
const rounds = 2_000;
const warmUp = 200;

/** Who asked: one look-up in the translation table, by exact tuple; and what for: one signature. */
export const consentBenchmark: Benchmark = {
  name: 'consent',
  about: 'the device behind a flow, among few flows and among 100,000; the signature of a request',
  async run(say, signal) {
    await using network = await buildNetwork(homes(), 'bench', signal);
    const namespace = network.namespace('gateway-1');
    using plane = inNamespace(namespace, () => {
      const opened = openDataPlane();
      opened.load({ wan: ['wan0'], lan: ['lan0'] });
      return opened;
    });
    const portal = { address: network.address('portal', 4), port: 8443 };
    const gateway = network.address('gateway-1', 4, 'internet');
    const observed = (n: number) => ({ address: gateway, port: 32_768 + (n % 32_000) });
    const measure = () => {
      const found: number[] = [];
      const absent: number[] = [];
      for (let round = -warmUp; round < rounds; round++) {
        const start = performance.now();
        const flow = plane.flow('tcp', observed(round + warmUp), portal);
        const between = performance.now();
        const none = plane.flow('tcp', observed(round + warmUp), { ...portal, port: 9 });
        const end = performance.now();
        if (!flow || none) throw new Error(`flow ${round} is not as it was made`);
        if (round < 0) continue;
        found.push(between - start);
        absent.push(end - between);
      }
      return { found: spreadOf(found), absent: spreadOf(absent) };
    };
    await fill(namespace, 0, rounds + warmUp, signal);
    const few = measure();
    await fill(namespace, rounds + warmUp, flows, signal);
    const count = Number(await run(nsenter(namespace, ['conntrack', '-C']), signal));
    const many = measure();
    const holds = count >= flows && many.found.p50 < 0.1 && many.absent.p50 < 0.1;
    say({
      name: `look up, ${rounds + warmUp} flows`,
      figure: describeSpread(few.found, 'ms'),
      holds: few.found.p50 < 0.1,
    });
    say({ name: `look up, ${count} flows`, figure: describeSpread(many.found, 'ms'), holds });
    say({ name: `look up in vain, ${count} flows`, figure: describeSpread(many.absent, 'ms'), holds });
    say({ name: 'signature, checked once a message', figure: describeSpread(spreadOf(await checks()), 'ms') });
  },
};

/** Flows of devices of the home to the portal, as masquerade has them; 32,000 ports for each of the home's devices. */
async function fill(namespace: string, from: number, to: number, signal: AbortSignal): Promise<void> {
  // One process for all: conntrack -R reads commands, a line each.
  const lines = Array.from({ length: to - from }, (_, index) => {
    const n = from + index;
    const portal = n < 32_000 ? '203.0.113.20' : `203.0.${114 + Math.floor(n / 32_000)}.20`;
    const outside = 32_768 + (n % 32_000);
    const original = `-s 192.168.1.${2 + Math.floor(n / 32_000)} -d ${portal} --sport ${outside} --dport 8443`;
    const reply = `-r ${portal} -q 203.0.113.1 --reply-port-src 8443 --reply-port-dst ${outside}`;
    return `-I -p tcp --state ESTABLISHED --timeout 3600 ${original} ${reply}`;
  });
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  try {
    const file = join(directory, 'flows');
    await writeFile(file, `${lines.join('\n')}\n`);
    await run(nsenter(namespace, ['conntrack', '-R', file]), signal);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Milliseconds that each of many checks took; the key is held ready, as a gateway holds it. */
async function checks(): Promise<number[]> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signing = signingKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const now = Date.now();
  const ports = Array.from({ length: 5 }, (_, index) => ({
    id: `s${index}`,
    transport: 'udp' as const,
    port: 5000 + index,
  }));
  const names = { applianceId: 'self::tv-1', portalId: 'self::portal-1', requestId: 'r', contentId: 'film' };
  const token = await signConsent({ ...names, ports, now, end: now + 60_000 }, signing);
  const keys = new Map([[signing.kid, { applianceId: names.applianceId, key: publicKey }]]);
  const samples: number[] = [];
  for (let round = -warmUp; round < rounds; round++) {
    const start = performance.now();
    const verdict = checkConsent(token, { keys, portals: [names.portalId], now });
    if (!('claims' in verdict)) throw new Error(verdict.message);
    if (round >= 0) samples.push(performance.now() - start);
  }
  return samples;
}

const nsenter = (namespace: string, command: readonly string[]) => ['nsenter', `--net=${namespace}`, '--', ...command];
