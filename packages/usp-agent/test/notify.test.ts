import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMsg, errorMsg, type UspRecord } from '@sluice/wire/usp';
import { interfaces, Openings, unsure } from './home-model.ts';
import { controllerId, errorOf, otherId, responseOf, rig, settle } from './rig.ts';
import { add, ownRow, remove, set, subscribe, subscriptions, told } from './subscription-rig.ts';

const mappings = 'Device.NAT.PortMapping.';
const code = `${ownRow}ProvisioningCode`;

/** Whether a record carries a request, a response or an Error. */
function kindOf({ recordType }: UspRecord): string | undefined {
  const msg = recordType.case === 'noSessionContext' ? decodeMsg(recordType.value.payload) : undefined;
  return msg?.ok ? msg.value.body?.msgBody.case : undefined;
}

function world() {
  const model = new Openings();
  return { model, ...rig([unsure(model), interfaces()]) };
}

test('TP-469 1.52: a value change is told, after the answer to the Set that made it', async () => {
  const { controller } = world();
  await subscribe(controller, 'ValueChange', code, { ID: 'notify52' });
  await set(controller, ownRow, 'ProvisioningCode', 'TestValue52');
  assert.deepEqual(told(controller), [`notify52: ${code}=TestValue52`]);
  assert.deepEqual(
    controller.records.slice(-2).map((record) => kindOf(record)),
    ['response', 'request'],
  );
  await set(controller, ownRow, 'ProvisioningCode', 'TestValue52');
  assert.equal(controller.notifications.length, 1, 'it did not change');
});

test('TP-469 1.53: a deleted or disabled subscription tells nothing more', async () => {
  const { controller } = world();
  const gone = await subscribe(controller, 'ValueChange', code, { ID: 'gone' });
  const off = await subscribe(controller, 'ValueChange', code, { ID: 'off' });
  await remove(controller, gone);
  await set(controller, off, 'Enable', 'false');
  await set(controller, ownRow, 'ProvisioningCode', 'x');
  assert.deepEqual(told(controller), []);
  await set(controller, off, 'Enable', 'true');
  await set(controller, ownRow, 'ProvisioningCode', 'y');
  assert.deepEqual(told(controller), [`off: ${code}=y`]);
});

test('TP-469 1.54: unconfirmed, it is repeated after 5 to 10 s, then 10 to 20 s, with the same id (R-NOT.1)', async () => {
  const { controller, clock } = world();
  controller.confirms = false;
  await subscribe(controller, 'ValueChange', code, { ID: 'n', NotifRetry: 'true' });
  await set(controller, ownRow, 'ProvisioningCode', 'x');
  const counts: number[] = [];
  for (const ms of [4_999, 1, 9_999, 1]) {
    await clock.pass(ms);
    counts.push(controller.notifications.length);
  }
  assert.deepEqual(counts, [1, 2, 2, 3], 'random() is 0: the waits are the least');
  const ids = new Set(controller.notifications.map(({ msgId }) => msgId));
  assert.equal(ids.size, 1);
  const [first] = controller.notifications;
  assert.ok(first?.notify.sendResp);
  controller.confirm(first.msgId, 'n');
  await settle();
  await clock.pass(3_600_000);
  assert.equal(controller.notifications.length, 3);
});

test('waits between repeats follow the Controller row', async () => {
  const { controller, clock } = world();
  controller.confirms = false;
  await set(controller, ownRow, 'USPNotifRetryMinimumWaitInterval', '1');
  await set(controller, ownRow, 'USPNotifRetryIntervalMultiplier', '3000');
  await subscribe(controller, 'ValueChange', code, { NotifRetry: 'true' });
  await set(controller, ownRow, 'ProvisioningCode', 'x');
  const at: number[] = [];
  for (let second = 1; second <= 13; second++) {
    const before = controller.notifications.length;
    await clock.pass(1_000);
    if (controller.notifications.length > before) at.push(second);
  }
  assert.deepEqual(at, [1, 4, 13]);
});

test('an Error about a notification does not confirm it', async () => {
  const { controller, clock } = world();
  controller.confirms = false;
  await subscribe(controller, 'ValueChange', code, { NotifRetry: 'true' });
  await set(controller, ownRow, 'ProvisioningCode', 'x');
  controller.send(errorMsg(controller.notifications[0]?.msgId ?? '', 7000, 'not now'));
  await clock.pass(5_000);
  assert.equal(controller.notifications.length, 2);
});

test('TP-469 1.55: a subscription ends with its TimeToLive', async () => {
  const { controller, clock } = world();
  await subscribe(controller, 'ValueChange', code, { ID: 'n', TimeToLive: '20' });
  const rows = async () => {
    const answer = await controller.ask({ case: 'getInstances', value: { objPaths: [subscriptions] } });
    return responseOf(answer, 'getInstancesResp').reqPathResults[0]?.currInsts.length;
  };
  await clock.pass(19_999);
  assert.equal(await rows(), 1);
  await clock.pass(1);
  assert.equal(await rows(), 0);
  await set(controller, ownRow, 'ProvisioningCode', 'x');
  assert.deepEqual(told(controller), []);
});

test('TP-469 1.56: repeats end with NotifExpiration', async () => {
  const { controller, clock } = world();
  controller.confirms = false;
  await subscribe(controller, 'ValueChange', code, { NotifRetry: 'true', NotifExpiration: '20' });
  await set(controller, ownRow, 'ProvisioningCode', 'x');
  await clock.pass(20_000);
  const before = controller.notifications.length;
  assert.equal(before, 3);
  await clock.pass(3_600_000);
  assert.equal(controller.notifications.length, before);
});

test('TP-469 1.57, 1.58: creation with keys, and deletion', async () => {
  const { controller } = world();
  await subscribe(controller, 'ObjectCreation', mappings, { ID: 'made' });
  await subscribe(controller, 'ObjectDeletion', `${mappings}*.`, { ID: 'gone' });
  const row = await add(controller, mappings, { Alias: 'a', ExternalPort: '20001' });
  await remove(controller, row);
  assert.deepEqual(told(controller), [`made: +${row}`, `gone: -${row}`]);
  const [creation] = controller.notifications;
  assert.ok(creation?.notify.notification.case === 'objCreation');
  assert.deepEqual(creation.notify.notification.value.uniqueKeys, {
    Alias: 'a',
    RemoteHost: '',
    ExternalPort: '20001',
    Protocol: 'UDP',
  });
});

test('deletion of rows that an expression names by key', async () => {
  const { controller } = world();
  await subscribe(controller, 'ObjectDeletion', `${mappings}[Alias=="a"].`, { ID: 'a-gone' });
  const a = await add(controller, mappings, { Alias: 'a', ExternalPort: '20001' });
  const b = await add(controller, mappings, { Alias: 'b', ExternalPort: '20002' });
  await remove(controller, b);
  await remove(controller, a);
  assert.deepEqual(told(controller), [`a-gone: -${a}`]);
});

test('TP-469 1.59: Periodic! comes every PeriodicNotifInterval', async () => {
  const { controller, clock } = world();
  await set(controller, ownRow, 'PeriodicNotifInterval', '60');
  await subscribe(controller, 'Event', 'Device.LocalAgent.Periodic!', { ID: 'beat' });
  await clock.pass(59_999);
  assert.equal(controller.notifications.length, 0);
  await clock.pass(1);
  await clock.pass(60_000);
  assert.deepEqual(told(controller), ['beat: Device.LocalAgent.Periodic!', 'beat: Device.LocalAgent.Periodic!']);
});

test('Periodic! keeps to the phase of PeriodicNotifTime', async () => {
  const { controller, clock } = world();
  await subscribe(controller, 'Event', 'Device.LocalAgent.Periodic!');
  await set(controller, ownRow, 'PeriodicNotifTime', '2020-01-01T00:00:10Z');
  await set(controller, ownRow, 'PeriodicNotifInterval', '60');
  await clock.pass(9_999);
  assert.equal(controller.notifications.length, 0);
  await clock.pass(1);
  assert.equal(controller.notifications.length, 1);
});

test('TP-469 1.84: subscriptions over search paths and whole objects', async () => {
  const { controller } = world();
  const [first, second] = [
    await add(controller, `${ownRow}BootParameter.`, { ParameterName: 'Device.LocalAgent.UpTime' }),
    await add(controller, `${ownRow}BootParameter.`, { ParameterName: 'Device.LocalAgent.EndpointID', Enable: 'true' }),
  ];
  await subscribe(controller, 'ValueChange', `${ownRow}BootParameter.*.Enable`, { ID: 'any' });
  await subscribe(controller, 'ValueChange', `${ownRow}BootParameter.[Enable==false].Enable`, { ID: 'off' });
  await subscribe(controller, 'ValueChange', ownRow, { ID: 'below' });
  await set(controller, first ?? '', 'Enable', 'true');
  await set(controller, second ?? '', 'Enable', 'false');
  assert.deepEqual(told(controller).sort(), [
    `any: ${first}Enable=true`,
    `any: ${second}Enable=false`,
    `below: ${first}Enable=true`,
    `below: ${second}Enable=false`,
    `off: ${second}Enable=false`,
  ]);
});

test('a subscription is about what it names, and not about the same name further down', async () => {
  const { controller } = world();
  await subscribe(controller, 'ValueChange', `${ownRow}Enable`, { ID: 'enable' });
  await subscribe(controller, 'ObjectCreation', 'Device.LocalAgent.Controller.', { ID: 'controllers' });
  const row = await add(controller, `${ownRow}BootParameter.`, { ParameterName: 'Device.LocalAgent.UpTime' });
  await set(controller, row, 'Enable', 'true');
  assert.deepEqual(told(controller), []);
});

test('what waits for a subscription goes with it', async () => {
  const { controller, clock } = world();
  controller.confirms = false;
  const row = await subscribe(controller, 'ValueChange', code, { NotifRetry: 'true' });
  await set(controller, ownRow, 'ProvisioningCode', 'x');
  assert.equal(controller.notifications.length, 1);
  await remove(controller, row);
  await clock.pass(3_600_000);
  assert.equal(controller.notifications.length, 1);
});

test('counters and other unchanging read-only parameters are not told', async () => {
  const { controller, model } = world();
  const row = await add(controller, mappings, { Alias: 'a' });
  await subscribe(controller, 'ValueChange', mappings, { ID: 'n' });
  model.put(`${row}Stats.`, { Packets: '7' });
  model.put(row, { Status: 'Enabled' });
  await settle();
  assert.deepEqual(told(controller), [`n: ${row}Status=Enabled`]);
});

test('an event of an object, and of everything below a path', async () => {
  const { controller, model } = world();
  const row = await add(controller, mappings, { Alias: 'a' });
  await subscribe(controller, 'Event', `${row}Used!`, { ID: 'one' });
  await subscribe(controller, 'Event', 'Device.NAT.', { ID: 'all' });
  model.emit(row, 'Used!', { By: '203.0.113.10' });
  await settle();
  assert.deepEqual(told(controller), [`one: ${row}Used!`, `all: ${row}Used!`]);
  const [{ notify }] = controller.notifications as [(typeof controller.notifications)[0]];
  assert.ok(notify.notification.case === 'event');
  assert.deepEqual(notify.notification.value.params, { By: '203.0.113.10' });
});

test("a controller is told of its own rows alone; what is everyone's is told to all", async () => {
  const { controller, attach, model } = world();
  const other = attach(otherId);
  for (const each of [controller, other]) {
    await subscribe(each, 'ObjectCreation', mappings, { ID: 'made' });
    await subscribe(each, 'ValueChange', 'Device.LocalAgent.SoftwareVersion', { ID: 'version' });
  }
  const row = await add(controller, mappings, { Alias: 'a' });
  model.put('Device.NAT.PortMapping.9.', { Alias: 'local' });
  await settle();
  assert.deepEqual(told(controller), [`made: +${row}`, `made: +${mappings}9.`]);
  assert.deepEqual(told(other), [`made: +${mappings}9.`]);
});

test('what happens while the controller is away is told when it is back, connect record first', async () => {
  const { controller, attach, model } = world();
  await subscribe(controller, 'ObjectCreation', mappings, { ID: 'made' });
  controller.connection.close();
  await settle();
  model.put(`${mappings}5.`, { Alias: 'local' });
  const back = attach(controllerId);
  await settle();
  assert.equal(back.records[0]?.recordType.case, 'websocketConnect');
  assert.deepEqual(told(back), [`made: +${mappings}5.`]);
});

test('a ReferenceList that can never match is refused, with the parameter named', async () => {
  const { controller } = world();
  const cases = [
    ['ValueChange', 'Device.LocalAgent.Nonsense'],
    ['ValueChange', 'Device.Nowhere.'],
    ['ValueChange', 'Device..'],
    ['ObjectCreation', 'Device.LocalAgent.'],
    ['Event', 'Device.Reboot!'],
    ['OperationComplete', 'Device.NAT.X_SLUICE_FreePorts()'],
    ['ValueChange', `${mappings}1.Interface+.Name`],
  ];
  for (const [type, list] of cases) {
    const paramSettings = [
      { param: 'NotifType', value: type ?? '', required: true },
      { param: 'ReferenceList', value: list ?? '', required: true },
    ];
    const answer = await controller.ask({
      case: 'add',
      value: { createObjs: [{ objPath: subscriptions, paramSettings }] },
    });
    assert.equal(errorOf(answer).errCode, 7012, list);
    assert.match(errorOf(answer).paramErrs[0]?.paramPath ?? '', /ReferenceList$/);
  }
});

test('subscriptions are bounded', async () => {
  const { controller } = world();
  for (let i = 0; i < 64; i++) await subscribe(controller, 'Event', 'Device.Boot!');
  await assert.rejects(subscribe(controller, 'Event', 'Device.Boot!'), /7005/);
});
