import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeptRow, RowStore } from '../index.ts';
import { controllerId, otherId, responseOf, rig, settle } from './rig.ts';
import { add, ownRow, remove, set, subscribe, subscriptions, told } from './subscription-rig.ts';

/** A store in memory, as a disk would keep it. */
class Disk implements RowStore {
  rows: readonly KeptRow[] = [];

  load(): readonly KeptRow[] {
    return structuredClone(this.rows);
  }

  save(rows: readonly KeptRow[]): void {
    this.rows = structuredClone(rows);
  }
}

async function rowsOf(controller: ReturnType<typeof rig>['controller']) {
  const answer = await controller.ask({ case: 'getInstances', value: { objPaths: [subscriptions] } });
  return responseOf(answer, 'getInstancesResp').reqPathResults[0]?.currInsts.map((each) => each.instantiatedObjPath);
}

test('TP-469 9.10: Boot! comes after a restart to a persistent subscription, with the boot parameters', async () => {
  const kept = new Disk();
  const before = rig([], { kept });
  await subscribe(before.controller, 'Event', 'Device.Boot!', { ID: 'boot', Persistent: 'true' });
  await subscribe(before.controller, 'Event', 'Device.Boot!', { ID: 'forgotten' });
  const wanted = { ParameterName: 'Device.LocalAgent.SoftwareVersion', Enable: 'true' };
  await add(before.controller, `${ownRow}BootParameter.`, wanted);
  await add(before.controller, `${ownRow}BootParameter.`, { ParameterName: 'Device.LocalAgent.UpTime' });
  before.agent.close();

  const boot = { cause: 'RemoteReboot', reason: 'asked', commandKey: 'k', firmwareUpdated: true } as const;
  const { controller } = rig([], { kept, boot, softwareVersion: '2.0.0' });
  await settle();
  assert.deepEqual(told(controller), ['boot: Device.Boot!']);
  const notification = controller.notifications[0]?.notify.notification;
  assert.ok(notification?.case === 'event');
  assert.deepEqual(notification.value.params, {
    CommandKey: 'k',
    Cause: 'RemoteReboot',
    Reason: 'asked',
    FirmwareUpdated: 'true',
    ParameterMap: '{"Device.LocalAgent.SoftwareVersion":"2.0.0"}',
  });
  assert.deepEqual(await rowsOf(controller), [`${subscriptions}1.`], 'the other was not persistent');
});

test('a kept subscription keeps its number, and its time to live goes on', async () => {
  const kept = new Disk();
  const before = rig([], { kept });
  const first = await subscribe(before.controller, 'Event', 'Device.Boot!', { Persistent: 'true' });
  const second = await subscribe(before.controller, 'Event', 'Device.Boot!', { Persistent: 'true', TimeToLive: '60' });
  await remove(before.controller, first);
  before.agent.close();
  const after = rig([], { kept });
  assert.deepEqual(await rowsOf(after.controller), [second]);
  const third = await subscribe(after.controller, 'Event', 'Device.Boot!');
  assert.notEqual(third, second);
  await after.clock.pass(60_000);
  assert.deepEqual(await rowsOf(after.controller), [third]);
});

test('what is no longer persistent is no longer kept', async () => {
  const kept = new Disk();
  const { controller } = rig([], { kept });
  const row = await subscribe(controller, 'Event', 'Device.Boot!', { Persistent: 'true' });
  assert.equal(kept.rows.length, 1);
  await set(controller, row, 'Persistent', 'false');
  assert.equal(kept.rows.length, 0);
});

test('TP-469 1.78: subscriptions of a controller that is no more are not put back', async () => {
  const kept = new Disk();
  const before = rig([], { kept });
  await subscribe(before.controller, 'Event', 'Device.Boot!', { Persistent: 'true' });
  await subscribe(before.attach(otherId), 'Event', 'Device.Boot!', { Persistent: 'true' });
  before.agent.close();
  const after = rig([], { kept, controllers: [{ endpointId: otherId }, { endpointId: controllerId }].slice(0, 1) });
  const other = after.attach(otherId);
  assert.deepEqual(await rowsOf(other), [`${subscriptions}2.`]);
  const answer = await other.ask({ case: 'get', value: { paramPaths: [`${subscriptions}2.Recipient`] } });
  assert.equal(
    responseOf(answer, 'getResp').reqPathResults[0]?.resolvedPathResults[0]?.resultParams.Recipient,
    'Device.LocalAgent.Controller.1',
    'the reference follows the controller',
  );
});
