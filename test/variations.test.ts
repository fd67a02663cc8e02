import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { applianceRegistration, contentRequestBody, contentStream, gatewayRegistration } from '@sluice/api';
import { daemonConfig } from '@sluice/appliance';
import { configurationServerConfig } from '@sluice/configuration-server';
import { gatewayConfig } from '@sluice/gateway';
import { mediaServerConfig } from '@sluice/media-server';
import { portalConfig } from '@sluice/portal';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/variations.md'), 'utf8');

/** What reads a setting, and what must stand beside it. */
const readers: Readonly<Record<string, [schema: Schema, beside: object]>> = {
  portal: [portalConfig, { identity: '.', configurationServer: 'beside', mediaServers: ['beside'] }],
  'configuration-server': [configurationServerConfig, { identity: '.', database: 'database' }],
  'media-server': [mediaServerConfig, { identity: '.', addresses: { 4: '203.0.113.10' }, mediaDirectory: 'media' }],
  gateway: [
    gatewayConfig,
    {
      identity: '.',
      interfaces: { wan: ['wan0'], lan: ['lan0'] },
      controllers: [{ endpointId: 'self::configuration-1', url: 'wss://203.0.113.21:8445/usp' }],
    },
  ],
  daemon: [daemonConfig, { identity: '.', portal: 'https://203.0.113.20:8443', socket: 'socket' }],
  request: [contentRequestBody, { requestId: 'r', contentId: 'film' }],
  stream: [contentStream, { id: 's', remote: { address: '203.0.113.10', port: 7000 } }],
  'gateway-registration': [gatewayRegistration, {}],
  'appliance-registration': [applianceRegistration, {}],
};

interface Schema {
  safeParse(value: unknown): { success: true; data: unknown } | { success: false; error: Error };
}

/** Rows of the page's tables: variation, setting, test. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (variation|---)/.test(line))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

test('every variation of docs/variations.md names a test, and every test that it names is there', () => {
  assert.ok(rows.length >= 20);
  for (const [variation, , tests = ''] of rows) {
    const named = [...tests.matchAll(/`([\w./-]+\.test\.ts)` "([^"]+)"/g)];
    assert.ok(named.length > 0, `${variation} names no test`);
    assert.equal(named.map(([whole]) => whole).join(', '), tests, `${variation}: only tests stand there`);
    for (const [, path = '', title = ''] of named) {
      assert.ok(existsSync(join(root, path)), `${variation}: there is no ${path}`);
      const text = readFileSync(join(root, path), 'utf8').replaceAll("\\'", "'");
      // It begins there, or after what is made from a table: `IPv${family}: ...`.
      const begins = ["'", '"', '`', '} ', ': '].some((before) => text.includes(before + title));
      // A row of a table from which a title is made stands as it is.
      assert.ok(begins || (title.startsWith('[') && text.includes(title)), `${variation}: ${path} has no "${title}"`);
    }
  }
});

test('every setting of docs/variations.md is one that its part reads, with nothing left over', () => {
  let read = 0;
  for (const [variation, settings = ''] of rows)
    for (const [, part = '', json = ''] of settings.matchAll(/`([a-z-]+) (\{.*?\})`/g)) {
      const [schema, beside] = readers[part] ?? assert.fail(`${variation}: ${part} is no part`);
      const setting = JSON.parse(json) as object;
      const result = schema.safeParse({ ...beside, ...setting });
      assert.ok(result.success, `${variation}: ${part} does not take ${json}: ${result.success ? '' : result.error}`);
      const kept = Object.keys(result.data as object);
      assert.deepEqual(
        Object.keys(setting).filter((name) => !kept.includes(name)),
        [],
        `${variation}: ${part} does not know it`,
      );
      read += 1;
    }
  assert.ok(read >= 20, `${read} settings`);
});

test('no code span of a setting is anything else', () => {
  for (const [variation, settings = ''] of rows)
    for (const [, span = ''] of settings.matchAll(/`([^`]*)`/g))
      assert.match(span, /^[a-z-]+ \{.*\}$/, `${variation}: ${span}`);
});
