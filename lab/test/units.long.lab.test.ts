import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startOnHost } from '../process.ts';
import { run } from '../run.ts';

const limit = { timeout: 240_000 };
const root = join(import.meta.dirname, '../..');
const parts = ['gateway', 'configuration-server', 'portal', 'media-server', 'appliance', 'appliance-daemon'];
const boot = ['closed', 'forwarding'];

/** Where cgroups of version 2 are mounted; undefined where this machine has none. */
async function cgroups(): Promise<string | undefined> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  return /^\S+ (\S+) cgroup2 rw/m.exec(mounts)?.[1];
}

async function whyNot(): Promise<string | undefined> {
  const map = await readFile('/proc/self/uid_map', 'utf8');
  if (!/^\s*0\s+0\s+4294967295/.test(map)) return 'systemd boots for root alone; this is an ordinary user';
  if (!existsSync('/lib/systemd/systemd')) return 'no systemd on this machine: apt-get install systemd';
  if ((await cgroups()) === undefined) return 'this machine has no cgroups of version 2, which systemd boots with';
  return undefined;
}

test('under systemd every part serves with no privilege to spare, and the home is never open', limit, async (t) => {
  const reason = await whyNot();
  if (reason !== undefined) return t.skip(reason);
  await using stack = new AsyncDisposableStack();
  const group = join((await cgroups()) ?? '', `sluice-units-${process.pid}`);
  await mkdir(group);
  stack.defer(() => removeGroup(group));
  const place = await mkdtemp(join(tmpdir(), 'sluice-units-'));
  stack.defer(() => rm(place, { recursive: true, force: true }));
  await run(['ip', 'netns', 'add', 'units'], t.signal);
  stack.defer(async () => void (await run(['ip', 'netns', 'delete', 'units'], AbortSignal.timeout(10_000))));
  const into = 'echo 0 >"$1/cgroup.procs"; shift; exec unshare "$@"';
  const flags = '--mount --pid --fork --uts --ipc --cgroup --kill-child --propagation private'.split(' ');
  const booting = await startOnHost(
    {
      name: 'systemd',
      namespace: '/run/netns/units',
      command: ['sh', '-c', into, 'sh', group, ...flags, 'sh', join(import.meta.dirname, 'units/boot.sh'), root, place],
      becomesReady: false,
    },
    t.signal,
  );
  stack.use(booting);
  let over = false;
  void booting.ended.then(() => {
    over = true;
  });
  // unshare passes no signal on; its child goes with it.
  stack.defer(async () => booting.kill('SIGKILL'));

  const inside = async (...command: string[]): Promise<string> => {
    const first = (await readFile(`/proc/${booting.pid}/task/${booting.pid}/children`, 'utf8')).trim();
    const enter = ['nsenter', '--target', first, '--mount', '--pid', '--uts', '--ipc', '--net', '--cgroup', '--'];
    return run([...enter, 'env', 'PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...command], t.signal);
  };
  const attempt = (...command: string[]): Promise<string> => inside(...command).catch((error) => String(error));
  const forwarding = async (): Promise<string> =>
    (await inside('cat', '/proc/sys/net/ipv4/ip_forward', '/proc/sys/net/ipv6/conf/all/forwarding')).replace(/\s/g, '');
  const state = async (unit: string): Promise<string> =>
    (await attempt('systemctl', 'show', '--property=ActiveState', '--value', `sluice-${unit}`)).trim();
  const becomes = async (what: () => Promise<boolean>, problem: () => Promise<string>): Promise<void> => {
    const until = Date.now() + 90_000;
    while (!(await what())) {
      if (over || Date.now() > until) assert.fail(`${await problem()}\n${booting.log.slice(-30).join('\n')}`);
      await pause(100);
    }
  };
  const journal = (unit: string): Promise<string> => attempt('journalctl', '-o', 'cat', '-u', `sluice-${unit}`);

  for (const unit of [...boot, ...parts]) {
    await becomes(
      async () =>
        ['active', 'failed'].includes(await state(unit)) &&
        (boot.includes(unit) || /"ready":/.test(await journal(unit))),
      () => attempt('sh', '-c', `systemctl status --no-pager --lines 50 sluice-${unit}; exit 0`),
    );
    if ((await state(unit)) === 'failed')
      assert.fail(await attempt('sh', '-c', `systemctl status --no-pager --lines 50 sluice-${unit}; exit 0`));
  }
  assert.equal(await forwarding(), '11');
  for (const unit of parts) {
    const id = (await inside('systemctl', 'show', '--property=MainPID', '--value', `sluice-${unit}`)).trim();
    const status = await inside('cat', `/proc/${id}/status`);
    const line = (name: string): string => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1] ?? '';
    const capabilities = unit === 'gateway' ? '0000000000001000' : '0000000000000000';
    assert.notEqual(line('Uid'), '0', unit);
    assert.deepEqual([line('CapEff'), line('CapBnd'), line('Seccomp')], [capabilities, capabilities, '2'], unit);
  }
  await becomes(
    async () => /self::configuration-1 connected/.test(await attempt('sluice', 'gateway', 'status')),
    () => journal('gateway'),
  );
  const ask = "fetch('http://127.0.0.1:8080/').then(async (a) => console.log(a.status, await a.text()))";
  assert.match(await inside('/opt/sluice/node_modules/.bin/node', '-e', ask), /^200 .*Test picture/s);

  // A key of the machine's own, for the secrets in the database, is handed over where there is one.
  const handed = '/run/credentials/sluice-configuration-server.service/secrets-key';
  assert.match(await attempt('cat', handed), /No such file/);
  const key = Buffer.alloc(32, 7).toString('base64');
  await inside('sh', '-c', `mkdir -p /etc/credstore && umask 077 && echo ${key} >/etc/credstore/secrets-key`);
  await inside('systemctl', 'restart', 'sluice-configuration-server');
  assert.equal((await inside('cat', handed)).trim(), key);
  await becomes(
    async () => (await journal('configuration-server')).split('"ready":').length === 3,
    () => journal('configuration-server'),
  );
  assert.match(await inside('ls', '-A', '/var/lib/sluice/gateway/audit'), /\S/);

  // The home is closed first, and packets are forwarded while it is known to be.
  const started = async (unit: string): Promise<number> =>
    Number(await inside('systemctl', 'show', '--property=ActiveEnterTimestampMonotonic', '--value', unit));
  assert.ok((await started('sluice-closed')) < (await started('sluice-forwarding')));
  assert.ok((await started('sluice-closed')) < (await started('network-pre.target')));
  await inside('systemctl', 'kill', '--signal=KILL', 'sluice-gateway');
  await becomes(
    async () => (await journal('gateway')).split('"ready":').length === 3,
    () => journal('gateway'),
  );
  await inside('systemctl', 'stop', 'sluice-closed');
  assert.equal(await forwarding(), '00');
  assert.deepEqual([await state('gateway'), await state('forwarding')], ['inactive', 'inactive']);
  await inside('sh', '-c', 'nft delete table inet sluice && echo "{" >/etc/sluice/gateway.json');
  assert.match(await attempt('systemctl', 'start', 'sluice-forwarding', 'sluice-gateway'), /failed|dependency/i);
  assert.equal(await forwarding(), '00');
});

/** cgroups are removed from the innermost out, once their last process is buried. */
async function removeGroup(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true }))
    if (entry.isDirectory()) await removeGroup(join(path, entry.name));
  await writeFile(join(path, 'cgroup.kill'), '1').catch(() => {});
  for (let attempts = 0; ; attempts++) {
    const busy = await rmdir(path).catch((error: NodeJS.ErrnoException) => error);
    if (!busy) return;
    if (busy.code !== 'EBUSY' || attempts === 100) throw busy;
    await pause(50);
  }
}
