import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { clientTls, openAuthority, type Role, writeIdentity } from '@sluice/identity';
import { httpsPeer } from '@sluice/io';
import { secretsKey } from '../secrets-key.ts';
import { filmRequest } from './deployment.ts';

const secret = 'hunter2-hunter2-hunter2';

/** A configuration server in a process of its own, telling everything it has to tell. */
async function launch(directory: string) {
  const config = {
    identity: join(directory, 'own'),
    api: { hosts: ['127.0.0.1'], port: 0 },
    usp: { hosts: ['127.0.0.1'], port: 0 },
    operators: { hosts: ['127.0.0.1'], port: 0 },
    database: join(directory, 'registrations.sqlite'),
  };
  const file = join(directory, 'configuration.json');
  await writeFile(file, JSON.stringify(config));
  const cli = join(import.meta.dirname, '../../cli/main.ts');
  const child = spawn(
    process.execPath,
    [cli, 'configuration-server', 'run', '--config', file, '--log-level', 'debug'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (more) => {
    told += more;
  });
  const ended = once(child, 'close');
  const first = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
  return {
    [Symbol.dispose]: () => void child.kill(),
    ready: first.done ? undefined : (JSON.parse(first.value) as { apiPort: number; signInPort: number }),
    async end() {
      child.kill();
      await ended;
      return told;
    },
  };
}

/** The files in a directory, and below it, that hold the secret. */
async function leaks(directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && (await readFile(path)).includes(secret)) found.push(path);
  }
  return found;
}

test('a secret is in no log, no answer and no file, whatever is asked of the server', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-secrets-'));
  try {
    const authority = await openAuthority(join(directory, 'authority'));
    const issue = (role: Role) => authority.issue({ endpointId: `self::${role}-1`, role, names: ['127.0.0.1'] });
    await writeIdentity(join(directory, 'own'), await issue('configuration-server'));
    using server = await launch(directory);
    const { apiPort = 0, signInPort = 0 } = server.ready ?? {};
    const heard: string[] = [];
    const asking = async (role: Role | undefined, port: number) => {
      const { caPem, ...own } = await issue(role ?? 'operator');
      const tls = role ? clientTls({ caPem, ...own }) : ({ ca: caPem, minVersion: 'TLSv1.3' } as const);
      const peer = httpsPeer({ origin: `https://127.0.0.1:${port}`, tls, accepts: () => true });
      return async (method: 'GET' | 'PUT' | 'POST', path: string, json?: unknown) => {
        const { status, body } = await peer.ask(method, path, json, AbortSignal.timeout(20_000));
        heard.push(body.toString('utf8'));
        return status;
      };
    };
    const operator = await asking('operator', apiPort);
    const portal = await asking('portal', apiPort);
    const stranger = await asking(undefined, signInPort);
    const communication = { oui: '00256D', serial: '17', username: 'acs', password: secret };
    assert.equal(await operator('PUT', '/v1/gateways/router', { type: 'cwmp', communication }), 200);
    const linux = {
      host: '127.0.0.1',
      port: '1',
      privateKey: secret,
      hostKey: `SHA256:${'A'.repeat(43)}`,
      ...{ wan: 'wan0', lan: 'lan0' },
    };
    assert.equal(await operator('PUT', '/v1/gateways/linux', { type: 'ssh-nft', communication: linux }), 200);
    assert.equal(
      await operator('PUT', '/v1/gateways/router', { type: 'cwmp', communication: { ...communication, n: 1 } }),
      400,
    );
    assert.equal(await operator('PUT', '/v1/operators/alice', { password: secret }), 200);
    assert.equal(await stranger('POST', '/v1/sign-ins', { name: 'alice', password: `${secret}-` }), 403);
    assert.equal(await stranger('POST', '/v1/sign-ins', { name: 'alice', password: secret }), 201);
    const { token } = JSON.parse(heard.at(-1) ?? '{}') as { token: string };
    heard.pop();
    await operator('PUT', '/v1/appliances/self::tv-a', { gatewayId: 'router' });
    await operator('PUT', '/v1/portals/self::portal-1', { remotes: ['203.0.113.0/24'] });
    assert.ok((await portal('POST', '/v1/sessions', filmRequest())) >= 400);
    await operator('PUT', '/v1/appliances/self::tv-a', { gatewayId: 'linux' });
    assert.ok((await portal('POST', '/v1/sessions', filmRequest({ requestId: 'r-2' }))) >= 400);
    for (const path of [
      '/v1/gateways',
      '/v1/gateways/router',
      '/v1/operators',
      '/v1/sessions',
      '/v1/status',
      '/openapi.json',
    ])
      assert.equal(await operator('GET', path), 200, path);
    assert.deepEqual(await leaks(directory), [], 'while the server runs');
    const told = await server.end();
    assert.match(told, /signed in/);
    for (const word of [secret, token])
      for (const text of [told, ...heard]) assert.ok(!text.includes(word), text.slice(0, 200));
    assert.deepEqual(await leaks(directory), []);

    await rm(join(directory, 'registrations.sqlite.key'));
    using refused = await launch(directory);
    assert.equal(refused.ready, undefined);
    assert.match(
      await refused.end(),
      /holds secrets that the key [0-9a-f]{16} opens, and .* has no such key; put the file back/,
    );
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('the key comes from where it is configured, else from systemd, else from beside the database', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-secrets-'));
  try {
    const database = join(directory, 'db');
    assert.deepEqual(secretsKey({ database }, undefined), { file: `${database}.key` });
    const credentials = join(directory, 'credentials');
    await mkdir(credentials);
    assert.deepEqual(secretsKey({ database }, credentials), { file: `${database}.key` });
    await writeFile(join(credentials, 'secrets-key'), 'x');
    assert.deepEqual(secretsKey({ database }, credentials), {
      file: join(credentials, 'secrets-key'),
      made: 'elsewhere',
    });
    assert.deepEqual(secretsKey({ database, secretsKey: '/etc/sluice/key' }, credentials), { file: '/etc/sluice/key' });
  } finally {
    await rm(directory, { recursive: true });
  }
});
