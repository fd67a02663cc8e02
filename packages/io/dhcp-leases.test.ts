import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { dhcpLease } from './dhcp-leases.ts';

const samples = join(import.meta.dirname, '../wire/dhcp/test');
const now = Date.UTC(2026, 10, 28, 9);

/** A file system with these samples, by path; later ones were written later. */
async function fileSystem(t: TestContext, files: readonly (readonly [path: string, sample: string])[]) {
  const root = await mkdtemp(join(tmpdir(), 'sluice-leases-'));
  t.after(() => rm(root, { recursive: true }));
  await mkdir(join(root, 'sys/class/net/eth0'), { recursive: true });
  await writeFile(join(root, 'sys/class/net/eth0/ifindex'), '2\n');
  for (const [index, [path, sample]] of files.entries()) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await cp(join(samples, sample), join(root, path));
    await utimes(join(root, path), 1_000 + index, 1_000 + index);
  }
  return root;
}

test('each client of Linux has its files', async (t) => {
  for (const [path, sample, keptBy] of [
    ['run/systemd/netif/leases/2', 'networkd.lease', 'systemd-networkd'],
    ['var/lib/NetworkManager/internal-6a1f-eth0.lease', 'networkd.lease', 'NetworkManager'],
    ['var/lib/NetworkManager/dhclient-6a1f-eth0.lease', 'dhclient.leases', 'NetworkManager'],
    ['var/lib/dhcp/dhclient.leases', 'dhclient.leases', 'dhclient'],
    ['var/lib/dhcp/dhclient.eth0.leases', 'dhclient.leases', 'dhclient'],
    ['var/lib/dhclient/dhclient-6a1f-eth0.lease', 'dhclient.leases', 'dhclient'],
    ['var/lib/dhcpcd/eth0.lease', 'dhcpcd.lease', 'dhcpcd'],
    ['var/lib/dhcpcd/eth0-Home.lease', 'dhcpcd.lease', 'dhcpcd'],
  ] as const) {
    const root = await fileSystem(t, [[path, sample]]);
    const lease = await dhcpLease('eth0', now, root);
    assert.deepEqual([lease?.keptBy, lease?.interface, lease?.server], [keptBy, 'eth0', '192.168.1.1'], path);
    assert.equal(await dhcpLease('eth1', now, root), undefined, path);
  }
});

test('of several the one that was written last counts; what is no lease does not', async (t) => {
  const root = await fileSystem(t, [
    ['run/systemd/netif/leases/2', 'networkd.lease'],
    ['var/lib/dhcpcd/eth0.lease', 'dhcpcd.lease'],
    ['var/lib/dhcp/dhclient.eth0.leases', 'networkd.lease'],
  ]);
  assert.equal((await dhcpLease('eth0', now, root))?.keptBy, 'dhcpcd');
  await truncate(join(root, 'var/lib/dhcpcd/eth0.lease'), 2_000_000);
  assert.equal((await dhcpLease('eth0', now, root))?.keptBy, 'systemd-networkd');
  assert.equal(await dhcpLease('eth0', now, join(root, 'nowhere')), undefined);
});

test('an address that is no host tells nothing', async (t) => {
  const root = await fileSystem(t, [['run/systemd/netif/leases/2', 'networkd.lease']]);
  const text =
    'ADDRESS=10.0.0.2\nROUTER=224.0.0.1 10.0.0.1\nSERVER_ADDRESS=255.255.255.255\nOPTION_158=0800000000c0a80101\n';
  await writeFile(join(root, 'run/systemd/netif/leases/2'), text);
  const lease = await dhcpLease('eth0', now, root);
  assert.deepEqual([lease?.server, lease?.routers, lease?.pcpServers], [undefined, ['10.0.0.1'], ['192.168.1.1']]);
});
