import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gatewayCommand } from './command.ts';
import { gatewayConfig } from './config.ts';
import { policySchema } from './policy/policy.ts';

const text = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8');
const blocks = (kind: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${kind}\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1] ?? '');

test('the configuration and the policy of the README are taken', () => {
  const [config = '', policy = ''] = blocks('json');
  gatewayConfig.parse(JSON.parse(config));
  const given = policySchema.parse(JSON.parse(policy));
  const byDefault = policySchema.parse({});
  for (const name of [
    'globalPorts',
    'openingsPerDevice',
    'openings',
    'longestLeaseSeconds',
    'anyRemote',
    'staticLeases',
  ] as const)
    assert.deepEqual(given[name], byDefault[name], name);
  assert.deepEqual(Object.keys(given).sort(), Object.keys(policySchema.shape).sort());
});

test('every command of the README is one', () => {
  const names = new Set(gatewayCommand().commands.map((command) => command.name()));
  const told = blocks('sh').flatMap((block) =>
    [...block.matchAll(/^sluice gateway (\S+)/gm)].map((match) => match[1] ?? ''),
  );
  assert.deepEqual([...new Set(told)].sort(), [...names].sort());
});

test('every command shows an example in its help', () => {
  for (const command of gatewayCommand().commands) {
    let help = '';
    command.configureOutput({ writeOut: (written) => (help += written) });
    command.outputHelp();
    assert.match(help, new RegExp(`Example:\\n  sluice gateway ${command.name()}`));
  }
});
