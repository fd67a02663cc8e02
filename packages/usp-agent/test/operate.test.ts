import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestMsg, type UspRequest } from '@sluice/wire/usp';
import { Openings } from './home-model.ts';
import { controllerId, errorOf, otherId, responseOf, rig, settle } from './rig.ts';
import { ownRow, subscribe, told } from './subscription-rig.ts';

const mappings = 'Device.NAT.PortMapping.';
const requests = 'Device.LocalAgent.Request.';
const me = { endpointId: controllerId };

const operate = (command: string, inputArgs: Record<string, string> = {}, sendResp = true): UspRequest => ({
  case: 'operate',
  value: { command, commandKey: 'key', sendResp, inputArgs },
});

function world(over: Parameters<typeof rig>[1] = {}) {
  const model = new Openings();
  return { model, ...rig([model], over) };
}

const results = (msg: Parameters<typeof responseOf>[0]) => responseOf(msg, 'operateResp').operationResults;

test('a command that answers at once', async () => {
  const { controller } = world();
  const [result] = results(await controller.ask(operate('Device.NAT.X_SLUICE_FreePorts()', { Protocol: 'TCP' })));
  assert.equal(result?.executedCommand, 'Device.NAT.X_SLUICE_FreePorts()');
  assert.ok(result?.operationResp.case === 'reqOutputArgs');
  assert.deepEqual(result.operationResp.value.outputArgs, { Ports: '16384' });
});

test('TP-469 1.91, 1.100: unknown arguments are ignored, a mandatory one that is missing is 7027', async () => {
  const { controller } = world();
  const command = 'Device.NAT.X_SLUICE_FreePorts()';
  const [ignored] = results(await controller.ask(operate(command, { Protocol: 'TCP', Colour: 'red' })));
  assert.equal(ignored?.operationResp.case, 'reqOutputArgs');
  const [missing] = results(await controller.ask(operate(command, { Count: '2' })));
  assert.ok(missing?.operationResp.case === 'cmdFailure');
  assert.equal(missing.operationResp.value.errCode, 7027);
});

test('a failure of the command is in its result, not an Error (R-OPR.1)', async () => {
  const { controller } = world();
  const [result] = results(await controller.ask(operate('Device.NAT.X_SLUICE_FreePorts()', { Protocol: 'UDP' })));
  assert.ok(result?.operationResp.case === 'cmdFailure');
  assert.equal(result.operationResp.value.errCode, 7804);
});

test('a command on every object that matches, one result each', async () => {
  const { controller, model } = world();
  for (const [i, alias] of ['a', 'b'].entries()) model.add(mappings, { Alias: alias, ExternalPort: `${2000 + i}` }, me);
  const all = results(await controller.ask(operate(`${mappings}*.Check()`)));
  assert.deepEqual(
    all.map(({ executedCommand }) => executedCommand),
    [`${mappings}1.Check()`, `${mappings}2.Check()`],
  );
  assert.deepEqual(results(await controller.ask(operate(`${mappings}[Alias=="z"].Check()`))), []);
});

test('commands that are not there are an Error', async () => {
  const { controller } = world();
  const code = async (command: string) => errorOf(await controller.ask(operate(command))).errCode;
  assert.equal(await code('Device.NAT.Nonsense()'), 7026);
  assert.equal(await code('Device.NAT.PortMappingNumberOfEntries'), 7026);
  assert.equal(await code(`${mappings}9.Check()`), 7016);
  assert.equal(await code('Device.Reboot()'), 7026, 'no reboot was given');
  assert.equal(await code('Device..'), 7008);
});

test("TP-469 1.61, 1.62: Reboot() is the program's to do", async () => {
  const reboots: string[][] = [];
  const { controller } = world({ reboot: (cause, reason) => reboots.push([cause, reason]) });
  const [result] = results(await controller.ask(operate('Device.Reboot()', { Reason: 'because' })));
  assert.ok(result?.operationResp.case === 'reqOutputArgs');
  assert.deepEqual(result.operationResp.value.outputArgs, {});
  assert.deepEqual(reboots, [['RemoteReboot', 'because']]);
});

test('TP-469 1.64: a command that takes time has a Request row until it completes', async () => {
  const { controller, model } = world();
  await subscribe(controller, 'OperationComplete', 'Device.NAT.X_SLUICE_Scan()', { ID: 'done' });
  const [result] = results(await controller.ask(operate('Device.NAT.X_SLUICE_Scan()')));
  assert.ok(result?.operationResp.case === 'reqObjPath');
  assert.equal(result.operationResp.value, `${requests}1.`);
  const read = async () => {
    const answer = await controller.ask({ case: 'get', value: { paramPaths: [`${requests}1.`] } });
    return responseOf(answer, 'getResp').reqPathResults[0]?.resolvedPathResults[0]?.resultParams;
  };
  assert.deepEqual(await read(), {
    Originator: controllerId,
    Command: 'Device.NAT.X_SLUICE_Scan()',
    CommandKey: 'key',
    Status: 'Active',
  });
  model.finish('3');
  await settle();
  assert.equal(await read(), undefined);
  assert.deepEqual(told(controller), ['done: Device.NAT.X_SLUICE_Scan()']);
  const notification = controller.notifications[0]?.notify.notification;
  assert.ok(notification?.case === 'operComplete');
  assert.equal(notification.value.commandKey, 'key');
  assert.ok(notification.value.operationResp.case === 'reqOutputArgs');
  assert.deepEqual(notification.value.operationResp.value.outputArgs, { Found: '3' });
});

test('a running command is cancelled by its controller and by no other: 7023', async () => {
  const { controller, attach } = world();
  const other = attach(otherId);
  await subscribe(controller, 'OperationComplete', 'Device.NAT.', { ID: 'done' });
  await controller.ask(operate('Device.NAT.X_SLUICE_Scan()'));
  assert.equal(errorOf(await other.ask(operate(`${requests}1.Cancel()`))).errCode, 7016);
  await controller.ask(operate(`${requests}1.Cancel()`));
  await settle();
  const notification = controller.notifications[0]?.notify.notification;
  assert.ok(notification?.case === 'operComplete' && notification.value.operationResp.case === 'cmdFailure');
  assert.equal(notification.value.operationResp.value.errCode, 7023);
});

test('commands that take time are bounded', async () => {
  const { controller } = world();
  const codes: (number | undefined)[] = [];
  for (let i = 0; i < 33; i++) {
    const [result] = results(await controller.ask(operate('Device.NAT.X_SLUICE_Scan()')));
    codes.push(result?.operationResp.case === 'cmdFailure' ? result.operationResp.value.errCode : undefined);
  }
  assert.deepEqual(codes.slice(31), [undefined, 7005]);
});

test('TP-469 1.65: send_resp false is not answered where it goes well, and may be where it does not (R-OPR.4)', async () => {
  const { controller } = world();
  const heard: string[] = [];
  for (const [msgId, protocol] of [
    ['well', 'TCP'],
    ['ill', 'UDP'],
  ] as const) {
    void controller.answerTo(msgId).then(() => heard.push(msgId));
    controller.send(requestMsg(msgId, operate('Device.NAT.X_SLUICE_FreePorts()', { Protocol: protocol }, false)));
  }
  await settle();
  assert.deepEqual(heard, ['ill']);
});

test('TP-469 1.79, 9.11: ScheduleTimer() completes in time', async () => {
  const { controller, clock } = world();
  await subscribe(controller, 'OperationComplete', 'Device.ScheduleTimer()', { ID: 'timer' });
  const [result] = results(await controller.ask(operate('Device.ScheduleTimer()', { DelaySeconds: '60' })));
  assert.equal(result?.operationResp.case, 'reqObjPath');
  await clock.pass(59_999);
  assert.deepEqual(told(controller), []);
  await clock.pass(1);
  await settle();
  assert.deepEqual(told(controller), ['timer: Device.ScheduleTimer()']);
});

test('TP-469 1.60, 1.101 to 1.103: OnBoardRequest, repeated until OnBoardingComplete where a restart time is set', async () => {
  const { controller, clock } = world();
  const parameter = async (param: string, value: string) =>
    responseOf(
      await controller.ask({
        case: 'set',
        value: { updateObjs: [{ objPath: ownRow, paramSettings: [{ param, value, required: true }] }] },
      }),
      'setResp',
    );
  await controller.ask(operate(`${ownRow}SendOnBoardRequest()`));
  await settle();
  assert.deepEqual(told(controller), [': onBoardReq']);
  const [first] = controller.notifications;
  assert.ok(first?.notify.sendResp && first.notify.notification.case === 'onBoardReq');
  const { oui, productClass, serialNumber, agentSupportedProtocolVersions } = first.notify.notification.value;
  assert.deepEqual([oui, productClass, serialNumber], ['012345', 'Gateway', 'a']);
  assert.match(agentSupportedProtocolVersions, /1\.3/);
  await clock.pass(3_600_000);
  assert.equal(controller.notifications.length, 1, 'OnBoardingRestartTime 0 asks for no second');

  await parameter('OnBoardingRestartTime', '60');
  await controller.ask(operate(`${ownRow}SendOnBoardRequest()`));
  await settle();
  await clock.pass(60_000);
  assert.equal(controller.notifications.length, 3);
  await parameter('OnBoardingComplete', 'true');
  await clock.pass(3_600_000);
  assert.equal(controller.notifications.length, 3);
});

test('a controller that is to be introduced gets an OnBoardRequest when it connects, until it confirms (R-NOT.6a)', async () => {
  const { controller, clock } = world({ controllers: [{ endpointId: controllerId, onBoard: true }] });
  controller.confirms = false;
  await settle();
  assert.deepEqual(told(controller), [': onBoardReq']);
  await clock.pass(5_000);
  assert.deepEqual(told(controller), [': onBoardReq', ': onBoardReq']);
});
