import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { screenConfig } from '../apps/appliance/config.ts';
import { daemonConfig } from '../apps/appliance/daemon/config.ts';
import { configurationServerConfig } from '../apps/configuration-server/config.ts';
import { gatewayConfig } from '../apps/gateway/config.ts';
import { mediaServerConfig } from '../apps/media-server/config.ts';
import { portalConfig } from '../apps/portal/config.ts';

const root = join(import.meta.dirname, '..');
const packaging = join(root, 'packaging');
const read = (path: string): string => readFileSync(join(packaging, path), 'utf8');
const units = readdirSync(join(packaging, 'systemd'));
/** Those that the part runs under, by the configuration that it takes. */
const configurations: Readonly<Record<string, { safeParse(value: unknown): { error?: Error | undefined } }>> = {
  'gateway.json': gatewayConfig,
  'configuration.json': configurationServerConfig,
  'portal.json': portalConfig,
  'media-server.json': mediaServerConfig,
  'screen.json': screenConfig,
  'daemon.json': daemonConfig,
};

/** Every value of a setting in a unit, in order. */
function settings(unit: string, name: string): string[] {
  return [...read(`systemd/${unit}`).matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map((match) => match[1] ?? '');
}

/** Why units cannot be rated here; undefined where they can. */
function whyUnrated(): string | undefined {
  const { status, stdout } = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' });
  if (status !== 0) return 'no systemd-analyze on this machine: apt-get install systemd';
  const version = Number(/^systemd (\d+)/.exec(stdout)?.[1]);
  return version >= 250 ? undefined : `systemd ${version} rates no unit that is not loaded; 250 does`;
}

test('every part has a unit', () => {
  assert.deepEqual(
    units,
    [
      'appliance-daemon',
      'appliance',
      'closed',
      'configuration-server',
      'forwarding',
      'gateway',
      'media-server',
      'portal',
    ].map((name) => `sluice-${name}.service`),
  );
});

for (const unit of units) {
  test(`systemd rates ${unit} below 2.0`, (t) => {
    const reason = whyUnrated();
    if (reason !== undefined) return t.skip(reason);
    const rate = spawnSync(
      'systemd-analyze',
      ['security', '--no-pager', '--offline=true', join(packaging, 'systemd', unit)],
      { encoding: 'utf8' },
    );
    const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(rate.stdout)?.[1]);
    assert.ok(exposure < 2, `${unit}: ${exposure}\n${rate.stdout}${rate.stderr}`);
  });

  test(`what ${unit} runs is there`, async () => {
    const commands = [...settings(unit, 'ExecStart'), ...settings(unit, 'ExecStop')];
    assert.ok(commands.length > 0);
    for (const command of commands) {
      const [program = '', ...args] = command.replaceAll('/opt/sluice', root).split(' ');
      const words = args.slice(
        0,
        args.findIndex((arg) => arg.startsWith('--')),
      );
      const { stdout } = await promisify(execFile)(program, [...words, '--help']);
      assert.match(stdout, /Usage:/i);
      // An option that the command does not have would end it at once.
      if (words.length > 0) assert.ok(stdout.includes('--config <file>'), stdout);
    }
  });

  test(`${unit} has an ordinary user of its own, and no privilege but the gateway's`, () => {
    const [user = ''] = settings(unit, 'User');
    assert.match(read('sysusers.d/sluice.conf'), new RegExp(`^u ${user} `, 'm'));
    const netAdmin = ['closed', 'forwarding', 'gateway'].some((name) => unit === `sluice-${name}.service`);
    for (const set of ['CapabilityBoundingSet', 'AmbientCapabilities'])
      assert.deepEqual(settings(unit, set), [netAdmin ? 'CAP_NET_ADMIN' : '']);
    for (const [state = ''] of [settings(unit, 'StateDirectory')].filter((list) => list.length > 0))
      assert.match(read('tmpfiles.d/sluice.conf'), new RegExp(`^d /var/lib/${state} +0700 ${user} +${user}$`, 'm'));
  });

  test(`${unit} is given a configuration that its part takes`, () => {
    for (const credential of settings(unit, 'LoadCredential')) {
      // One that systemd looks for by its name, and goes without.
      if (credential === 'secrets-key') continue;
      const name = /^([\w.-]+):\/etc\/sluice\/\1$/.exec(credential)?.[1] ?? '';
      assert.ok(settings(unit, 'ExecStart')[0]?.endsWith(` --config \${CREDENTIALS_DIRECTORY}/${name}`), credential);
      const schema = configurations[name];
      assert.ok(schema, name);
      assert.equal(schema.safeParse(JSON.parse(read(`etc/${name}`))).error?.message, undefined);
    }
  });
}

test('a home is closed before there is a network, and nothing is forwarded unless it is', () => {
  const one = (unit: string, name: string): string[] => settings(unit, name).flatMap((value) => value.split(' '));
  const [closed, forwarding, gateway] = [
    'sluice-closed.service',
    'sluice-forwarding.service',
    'sluice-gateway.service',
  ];
  for (const unit of [closed, forwarding]) {
    assert.deepEqual(settings(unit ?? '', 'DefaultDependencies'), ['no']);
    assert.deepEqual(settings(unit ?? '', 'Type'), ['oneshot']);
    assert.deepEqual(settings(unit ?? '', 'RemainAfterExit'), ['yes']);
    assert.ok(one(unit ?? '', 'Before').includes('network-pre.target'));
    assert.deepEqual(one(unit ?? '', 'Wants'), ['network-pre.target']);
  }
  for (const unit of [forwarding, gateway]) {
    assert.ok(one(unit ?? '', 'Requires').includes('sluice-closed.service'));
    assert.ok(one(unit ?? '', 'After').includes('sluice-closed.service'));
  }
});

test('packaging/README.md tells of every unit, and of files that are there', () => {
  const text = read('README.md');
  for (const unit of units) assert.ok(text.includes(`\`${unit}\``), unit);
  const files = [...text.matchAll(/(?<=\s)(?:etc|systemd|sysusers\.d|tmpfiles\.d)\/[\w.-]+(?=\s)/g)].map(
    ([path]) => path,
  );
  assert.ok(files.length > 4);
  for (const file of files) assert.ok(existsSync(join(packaging, file)), file);
});
