import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { buildNetwork } from '../build.ts';
import { mediaCache } from '../cache.ts';
import { hostDirectory, householdSocket } from '../configurations.ts';
import { openingsInKernel } from '../once/kernel-openings.ts';
import { view } from '../once/viewer.ts';
import { RawSender, rtpPayload, Sniffer, tcpConnection, tcpFlag, tcpServer } from '../packets/index.ts';
import { deploy, sluiceCommand } from '../parts.ts';
import { run } from '../run.ts';
import { homes } from '../topologies/home.ts';

const limit = { timeout: 180_000 };
const root = join(import.meta.dirname, '../..');
const netAdmin = 1n << 12n;
const ordinaryUser = 64_321;
let checkout: string;
/** Whether this world has users besides root: one made by an ordinary user has not. */
let users: boolean;

before(async () => {
  // Every user may read it there, wherever the checkout is.
  checkout = await mkdtemp('/run/sluice/checkout-');
  await run(['mount', '--bind', root, checkout], AbortSignal.timeout(10_000));
  users = /^\s*0\s+0\s+4294967295/.test(await readFile('/proc/self/uid_map', 'utf8'));
});
after(() => run(['umount', '--lazy', checkout], AbortSignal.timeout(10_000)));

/** Starts a command with CAP_NET_ADMIN and no other privilege, for good; as an ordinary user where there are any. */
function withNetAdminAlone(command: readonly string[]): string[] {
  const user = ['--reuid', `${ordinaryUser}`, '--regid', `${ordinaryUser}`, '--clear-groups'];
  const only = ['--inh-caps', '--ambient-caps', '--bounding-set'].flatMap((set) => [set, '-all,+net_admin']);
  const inCheckout = command.map((word) => word.replace(root, checkout));
  return ['setpriv', ...(users ? user : []), ...only, '--no-new-privs', ...inCheckout];
}

function giveTo(user: number, directory: string): void {
  if (users) execFileSync('chown', ['-R', `${user}:${user}`, directory]);
}

function privileges(pid: number): { user: number; capabilities: bigint[]; noNewPrivileges: boolean } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const line = (name: string): string => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1] ?? '';
  return {
    user: Number(line('Uid')),
    capabilities: ['CapEff', 'CapPrm', 'CapBnd'].map((name) => BigInt(`0x${line(name)}`)),
    noNewPrivileges: line('NoNewPrivs') === '1',
  };
}

test('the agent opens and closes a home with CAP_NET_ADMIN alone', limit, async (t) => {
  await using network = await buildNetwork(homes(), 'least', t.signal);
  const cache = mediaCache();
  await using home = await deploy(
    network,
    {
      ...(cache === undefined ? {} : { cache }),
      overrides: { 'media-server': { filmSeconds: 60 } },
      launch(host, command) {
        if (host.name !== 'gateway-1') return command;
        // The way to its own directory, and no further.
        execFileSync('chmod', ['711', join(command.at(-1) ?? '', '../..')]);
        giveTo(ordinaryUser, join(command.at(-1) ?? '', '..'));
        return withNetAdminAlone(command);
      },
    },
    t.signal,
  );
  assert.deepEqual(privileges(home.part('gateway-1').pid), {
    user: users ? ordinaryUser : 0,
    capabilities: [netAdmin, netAdmin, netAdmin],
    noNewPrivileges: true,
  });
  const localPorts = { video: 5000, 'video-rtcp': 5001, audio: 5002, 'audio-rtcp': 5003, subtitles: 5004 };
  await using viewing = await view(home, { contentId: 'film', family: 4, localPorts, firstSpeaker: {} }, t.signal);
  await viewing.open;
  await viewing.arrived(Object.keys(localPorts));
  assert.equal(await openingsInKernel(network, 'gateway-1', t.signal), 5);
  const household = (args: readonly string[]): Promise<string> => {
    const socket = ['--socket', householdSocket(home.directories, 'gateway-1')];
    return home.sluice('gateway-1', ['gateway', ...args, ...socket], t.signal);
  };
  // The television's key was learned at port 8447, or nothing were signed.
  assert.match(await household(['status']), /signed by self::tv-1/);
  assert.match(await household(['appliances']), /^self::tv-1 /m);
  assert.match(await household(['close', '--all']), /^5 openings closed/);
  assert.equal(await openingsInKernel(network, 'gateway-1', t.signal), 0);
  // What it cannot do is what tells that it has nothing else.
  const other = join(hostDirectory(home.directories, 'portal'), 'key.pem');
  if (users) await assert.rejects(run(withNetAdminAlone(['cat', other]), t.signal), /[Pp]ermission denied/);
});

test('without an agent the home is closed, and its own traffic passes', limit, async (t) => {
  await using network = await buildNetwork(homes(), 'closed', t.signal);
  const gateway = network.namespace('gateway-1');
  const directory = await mkdtemp(join(tmpdir(), 'sluice-closed-'));
  t.after(() => run(['rm', '-r', directory], AbortSignal.timeout(10_000)));
  await mkdir(join(directory, 'etc'));
  const config = join(directory, 'etc/gateway.json');
  await writeFile(
    config,
    JSON.stringify({
      identity: join(directory, 'no-identity-yet'),
      interfaces: { wan: ['wan0'], lan: ['lan0'] },
      controllers: [{ endpointId: 'self::configuration-1', url: 'wss://203.0.113.21:8445/usp' }],
    }),
  );
  giveTo(ordinaryUser, directory);
  const load = (net: readonly string[]): Promise<string> =>
    run([...net, ...withNetAdminAlone(sluiceCommand(['gateway', 'load', '--config', config]))], t.signal);

  using eye = new Sniffer(network.namespace('tv-1'), 'eth0');
  const passing = async (by: 'stranger' | 'media', token: string): Promise<number> => {
    using sender = new RawSender(network.namespace(by));
    for (const family of [4, 6] as const)
      for (const transport of ['udp', 'tcp'] as const)
        sender.send({
          transport,
          from: { address: network.address(by, family), port: 7000 },
          to: { address: network.address('tv-1', family), port: 5000 },
          payload: rtpPayload(token, { payloadType: 96 }),
          ...(transport === 'tcp' && { tcp: { flags: tcpFlag.syn, sequence: 1, acknowledgement: 0 } }),
        });
    // A packet that arrives, sent after those that perhaps do.
    using fence = new Sniffer(gateway, 'wan0');
    const to = { address: network.address('gateway-1', 4, 'internet'), port: 9 };
    const from = { address: network.address(by, 4), port: 9 };
    sender.send({ transport: 'udp', from, to, payload: Buffer.from(`fence-${token}`) });
    await fence.waitFor(`fence-${token}`, 1, t.signal);
    return eye.count(token);
  };
  const reach = async (port: number): Promise<string> => {
    const far = { address: network.address('media', 4), port };
    const server = tcpServer(network.namespace('media'), far, (socket) => socket.end('hello'));
    const from = { address: network.address('tv-1', 4), port: 45_000 };
    const socket = tcpConnection(network.namespace('tv-1'), from, far);
    try {
      return Buffer.concat(await socket.toArray()).toString();
    } finally {
      server.close();
    }
  };

  // Neighbours are found first. Forwarding is on, and no table is there: this is what must not last.
  await reach(8000);
  for (const by of ['stranger', 'media'] as const) {
    await passing(by, `warm-${by}-`);
    await pause(50);
    assert.equal(await passing(by, `open-${by}-`), 4, 'this test sees packets that pass');
  }
  assert.equal(await load(['nsenter', `--net=${gateway}`, '--']), 'closed\n');
  for (const by of ['stranger', 'media'] as const) assert.equal(await passing(by, `shut-${by}-`), 0);
  assert.equal(await reach(8001), 'hello');
  assert.equal(await load(['nsenter', `--net=${gateway}`, '--']), 'closed, but for what was open already\n');
  assert.equal(await passing('stranger', 'again-'), 0);
  // At boot none of its interfaces is there yet.
  assert.equal(await load(['unshare', '--net']), 'closed\n');
});
