import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorOf, responseOf, rig } from './rig.ts';
import { ownRow, remove, subscriptions } from './subscription-rig.ts';

const setting = (param: string, value: string, required = false) => ({ param, value, required });
const wanted = [
  setting('Enable', 'true'),
  setting('NotifType', 'ValueChange'),
  setting('ReferenceList', 'Device.LocalAgent.SoftwareVersion', true),
];
const row = (...more: ReturnType<typeof setting>[]) => ({
  objPath: subscriptions,
  paramSettings: [...wanted, ...more],
});

test('TP-469 1.1: a subscription is added with three unique keys', async () => {
  const { controller } = rig([]);
  const answer = await controller.ask({ case: 'add', value: { createObjs: [row(setting('ID', 'add1'))] } });
  const status = responseOf(answer, 'addResp').createdObjResults[0]?.operStatus?.operStatus;
  assert.ok(status?.case === 'operSuccess');
  assert.deepEqual(status.value.paramErrs, []);
  assert.deepEqual(Object.keys(status.value.uniqueKeys).sort(), ['Alias', 'ID', 'Recipient']);
  assert.equal(status.value.uniqueKeys.Recipient, ownRow.slice(0, -1));
  const got = await controller.ask({ case: 'get', value: { paramPaths: [status.value.instantiatedPath] } });
  const params = responseOf(got, 'getResp').reqPathResults[0]?.resolvedPathResults[0]?.resultParams ?? {};
  for (const { param, value } of wanted) assert.equal(params[param], value);
  await remove(controller, status.value.instantiatedPath);
});

test('TP-469 1.81: keys that are left out differ, the recipient does not', async () => {
  const { controller } = rig([]);
  const answer = await controller.ask({ case: 'add', value: { createObjs: [row(), row()] } });
  const keys = responseOf(answer, 'addResp').createdObjResults.map(({ operStatus }) =>
    operStatus?.operStatus.case === 'operSuccess' ? operStatus.operStatus.value.uniqueKeys : {},
  );
  assert.notEqual(keys[0]?.Alias, keys[1]?.Alias);
  assert.notEqual(keys[0]?.ID, keys[1]?.ID);
  assert.equal(keys[0]?.Recipient, keys[1]?.Recipient);
});

test('TP-469 1.88: an unusable key fails the row, though it is not required', async () => {
  const { controller } = rig([]);
  const answer = await controller.ask({
    case: 'add',
    value: { createObjs: [row(setting('Alias', '88InvalidAlias'))] },
  });
  assert.deepEqual(
    errorOf(answer).paramErrs.map(({ errCode }) => errCode),
    [7012],
  );
  const count = await controller.ask({
    case: 'get',
    value: { paramPaths: ['Device.LocalAgent.SubscriptionNumberOfEntries'] },
  });
  const [result] = responseOf(count, 'getResp').reqPathResults;
  assert.equal(result?.resolvedPathResults[0]?.resultParams.SubscriptionNumberOfEntries, '0');
});

test('TP-469 1.38: Get of parameters of several objects', async () => {
  const { controller } = rig([]);
  const answer = await controller.ask({
    case: 'get',
    value: { paramPaths: ['Device.LocalAgent.EndpointID', 'Device.LocalAgent.SoftwareVersion', `${ownRow}EndpointID`] },
  });
  assert.deepEqual(
    responseOf(answer, 'getResp').reqPathResults.map(({ resolvedPathResults }) => resolvedPathResults[0]?.resultParams),
    [{ EndpointID: 'self::gateway-a' }, { SoftwareVersion: '1.2.3' }, { EndpointID: 'self::configuration-1' }],
  );
});

test('a controller sees its own Controller row, and cannot add or delete any', async () => {
  const { controller } = rig([]);
  const listed = await controller.ask({
    case: 'getInstances',
    value: { objPaths: ['Device.LocalAgent.Controller.'], firstLevelOnly: true },
  });
  assert.deepEqual(
    responseOf(listed, 'getInstancesResp').reqPathResults[0]?.currInsts.map((each) => each.instantiatedObjPath),
    [ownRow],
  );
  const added = await controller.ask({
    case: 'add',
    value: { createObjs: [{ objPath: 'Device.LocalAgent.Controller.', paramSettings: [] }] },
  });
  assert.equal(errorOf(added).errCode, 7019);
  const deleted = await controller.ask({ case: 'delete', value: { objPaths: [ownRow] } });
  assert.equal(errorOf(deleted).errCode, 7024);
});
