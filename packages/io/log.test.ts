import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

test('a secret that gets into a log line by mistake does not get out of it', async () => {
  const fields = {
    password: 'hunter2',
    token: 'hunter2',
    gateway: { gatewayId: 'box', communication: { password: 'hunter2' } },
    options: { privateKey: 'hunter2', authorization: 'hunter2' },
  };
  const script = `import { openLog } from '${import.meta.dirname}/log.ts'; openLog('x').info(${JSON.stringify(fields)}, 'told');`;
  const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  const line = JSON.parse(stderr);
  assert.deepEqual([line.msg, line.gateway.gatewayId, line.part], ['told', 'box', 'x']);
  assert.ok(!stderr.includes('hunter2'), stderr);
});
