import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';

const program = join(import.meta.dirname, 'main.ts');

/** Runs `sluice` in a directory to its end. */
function sluice(directory: string, ...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (text) => {
      out += text;
    });
    child.stderr.on('data', (text) => {
      err += text;
    });
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

/** Starts a part that runs until the test ends; resolves to its ready line. */
async function running(t: TestContext, directory: string, ...args: string[]): Promise<Record<string, unknown>> {
  const child = spawn(process.execPath, [program, ...args], { cwd: directory, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  t.after(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line) as Record<string, unknown>;
  throw new Error(`${args.join(' ')} did not start`);
}

test('enrol, use, revoke: one command each, as the page on security has them', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-enrol-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const issue = async (endpointId: string, role: string, out: string, ...names: string[]) => {
    const more = names.length > 0 ? ['--name', ...names] : [];
    const done = await sluice(
      directory,
      ...['authority', 'issue', endpointId, '--role', role, '--authority', 'authority', '--out', out, ...more],
    );
    assert.equal(done.code, 0, done.err);
  };
  await issue('self::configuration-1', 'configuration-server', 'configuration', '127.0.0.1');
  await issue('self::operator-1', 'operator', 'operator');
  const here = { hosts: ['127.0.0.1'], port: 0 };
  const config = {
    ...{ identity: 'configuration', authority: 'authority', database: 'registrations.sqlite' },
    ...{ api: here, usp: here, enrolment: here },
  };
  await writeFile(join(directory, 'configuration.json'), JSON.stringify(config));
  const { apiPort } = await running(t, directory, 'configuration-server', 'run', '--config', 'configuration.json');
  const asOperator = ['--server', `https://127.0.0.1:${apiPort}`, '--identity', 'operator'];

  const made = await sluice(directory, 'enrol', 'token', 'self::auditor-1', '--role', 'auditor', ...asOperator);
  assert.equal(made.code, 0, made.err);
  const token = /[\w-]{40,}(?:\.[\w-]+)*/.exec(made.out)?.[0] ?? '';
  const enrolled = await sluice(directory, 'enrol', token, '--identity', 'auditor');
  assert.deepEqual([enrolled.code, enrolled.err], [0, '']);
  assert.deepEqual((await readdir(join(directory, 'auditor'))).sort(), ['ca.pem', 'cert.pem', 'key.pem']);
  const again = await sluice(directory, 'enrol', token, '--identity', 'another');
  assert.equal(again.code, 1, 'a token is good once');

  const asAuditor = ['--server', `https://127.0.0.1:${apiPort}`, '--identity', 'auditor'];
  assert.equal((await sluice(directory, 'status', ...asAuditor)).code, 0);
  const revoked = await sluice(directory, 'revoke-identity', 'self::auditor-1', ...asOperator);
  assert.equal(revoked.code, 0, revoked.err);
  assert.equal((await sluice(directory, 'status', ...asAuditor)).code, 1);
});
