import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { writeIdentity } from '@sluice/identity';
import { type Deployment, deploy, filmRequest } from './deployment.ts';

const run = promisify(execFile);
const cli = join(import.meta.dirname, '../../cli/main.ts');
let deployment: Deployment;

before(async () => {
  deployment = await deploy();
  await writeIdentity(join(deployment.directory, 'operator'), await deployment.issue('self::operator-1', 'operator'));
});

after(() => deployment[Symbol.asyncDispose]());

/** Runs `sluice` as an operator. */
async function sluice(...words: string[]): Promise<{ status: number; out: string; error: string }> {
  const env = {
    ...process.env,
    SLUICE_SERVER: `https://127.0.0.1:${deployment.server.apiPort}`,
    SLUICE_IDENTITY: join(deployment.directory, 'operator'),
  };
  try {
    const { stdout, stderr } = await run(process.execPath, [cli, ...words], { env });
    return { status: 0, out: stdout, error: stderr };
  } catch (failure) {
    const { code, stdout, stderr } = failure as { code: number; stdout: string; stderr: string };
    return { status: code, out: stdout, error: stderr };
  }
}

test('an operator registers, looks and explains from the command line', async () => {
  assert.deepEqual(await sluice('register', 'gateway', 'self::gateway-a', '--url', 'wss://127.0.0.1:1/usp'), {
    status: 0,
    out: 'self::gateway-a is registered\n',
    error: '',
  });
  const appliance = await sluice('register', 'appliance', 'self::tv-a', '--gateway', 'self::gateway-a');
  assert.equal(appliance.out, 'self::tv-a is registered behind self::gateway-a\n');
  const box = await sluice('register', 'gateway', 'box', '--type', 'pcp', '--with', 'address=192.168.1.1');
  assert.equal(box.out, 'box is registered\n');
  const misspelt = await sluice('register', 'gateway', 'box', '--type', 'pcp', '--with', 'adress=192.168.1.1');
  assert.match(misspelt.error, /^malformed: .*adress/);
  const gateways = await sluice('gateways');
  assert.match(gateways.out, /^gateway .*\nbox {14}pcp .*\nself::gateway-a {2}sluice {2}offline .* never {6}told\n$/);
  assert.equal(
    (await sluice('appliances')).out,
    'appliance   gateway          known by\nself::tv-a  self::gateway-a  told\n',
  );
  assert.match((await sluice('status')).out, /^gateways {2}0 online of 2\nsessions {2}0 open/);

  const refused = await deployment.ask('portal', 'POST', '/v1/sessions', filmRequest());
  assert.equal(refused.body.code, 'gateway-offline');
  const sessions = JSON.parse((await sluice('sessions', '--state', 'refused', '--json')).out) as {
    sessions: { sessionId: string }[];
  };
  const sessionId = sessions.sessions[0]?.sessionId ?? '';
  const explained = await sluice('explain', sessionId);
  assert.match(explained.out, new RegExp(`^session ${sessionId} is refused; refused: gateway-offline`));
  assert.match(explained.out, /self::tv-a asked for film at self::portal-1/);
});

test('a refusal goes to stderr, with exit status 1', async () => {
  assert.deepEqual(await sluice('explain', 'none'), {
    status: 1,
    out: '',
    error: 'session-unknown: there is no session none\n',
  });
  const wrong = await sluice('register', 'appliance', 'self::tv-b', '--gateway', 'self::nowhere');
  assert.deepEqual([wrong.status, wrong.error.split(':')[0]], [1, 'gateway-unknown']);
  const unreachable = await sluice('status', '--server', 'https://127.0.0.1:1');
  assert.deepEqual([unreachable.status, unreachable.error.split(':')[0]], [1, 'part-unreachable']);
});
