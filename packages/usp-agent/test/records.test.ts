import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import type { Clock } from '@sluice/model';
import { connectionPair } from '@sluice/mtp';
import {
  encodeMsg,
  encodeRecord,
  makeRecord,
  PayloadSecurity,
  requestMsg,
  responseMsg,
  type UspRequest,
} from '@sluice/wire/usp';
import fc from 'fast-check';
import type { DataModel } from '../index.ts';
import { interfaces, Openings } from './home-model.ts';
import { agentId, controllerId, errorOf, responseOf, rig, settle } from './rig.ts';
import { subscribe } from './subscription-rig.ts';

const get = (path: string): UspRequest => ({ case: 'get', value: { paramPaths: [path] } });

test('TP-469 7.10: the connect record goes first', async () => {
  const { controller } = rig([]);
  await settle();
  assert.equal(controller.records[0]?.recordType.case, 'websocketConnect');
  assert.equal(controller.records[0]?.version, '1.4');
});

test('TP-469 2.2: a record for another endpoint is ignored, and the next is served', async () => {
  const { controller } = rig([]);
  const payload = encodeMsg(requestMsg('1', get('Device.')));
  controller.connection.send(
    encodeRecord(makeRecord(controllerId, 'self::other', { case: 'noSessionContext', value: { payload } })),
  );
  await settle();
  assert.equal(controller.records.length, 1);
  responseOf(await controller.ask(get('Device.LocalAgent.EndpointID')), 'getResp');
});

test('an endpoint that is no controller of ours is not served', async () => {
  const { agent } = rig([]);
  const [ours, theirs] = connectionPair(agentId, 'self::stranger');
  agent.attach(ours);
  assert.equal((await theirs.closed).code, 1008);
});

test("TP-469 2.1: an endpoint with the agent's own id is not served, though policy names it", async () => {
  const { agent } = rig([], { controllers: [{ endpointId: controllerId }, { endpointId: agentId }] });
  const [ours, theirs] = connectionPair(agentId, agentId);
  agent.attach(ours);
  assert.equal((await theirs.closed).code, 1008);
});

test('of two connections of one controller the newer is served', async () => {
  const { controller, attach, clock } = rig([]);
  const newer = attach(controllerId);
  responseOf(await controller.ask(get('Device.LocalAgent.EndpointID')), 'getResp');
  await clock.pass(10_000);
  assert.equal((await controller.connection.closed).code, 1008);
  responseOf(await newer.ask(get('Device.LocalAgent.EndpointID')), 'getResp');
});

test('session context and payload security are declined with a Disconnect (R-E2E.6a)', async () => {
  const { controller } = rig([]);
  const session = { sessionId: 2n, sequenceId: 1n, expectedId: 1n, payload: [new Uint8Array(3)] };
  controller.connection.send(
    encodeRecord(makeRecord(controllerId, agentId, { case: 'sessionContext', value: session })),
  );
  const secured = makeRecord(controllerId, agentId, {
    case: 'noSessionContext',
    value: { payload: new Uint8Array(3) },
  });
  secured.payloadSecurity = PayloadSecurity.TLS12;
  controller.connection.send(encodeRecord(secured));
  await settle();
  assert.deepEqual(
    controller.records
      .slice(1)
      .map(({ recordType }) => recordType.case === 'disconnect' && recordType.value.reasonCode),
    [7106, 7104],
  );
});

test('TP-469 3.1: a message that cannot be read is answered only where it is a request with an id', async () => {
  const { controller } = rig([]);
  const whole = encodeMsg(requestMsg('broken', get('Device.LocalAgent.')));
  const answer = controller.answerTo('broken');
  controller.sendPayload(whole.subarray(0, whole.length - 3));
  assert.equal(controller.records.length, 0, 'nothing has arrived yet');
  await settle();
  assert.equal(controller.records.length, 1, 'the end of the body is missing: no request can be seen');
  const body = whole.slice();
  body[body.length - 1] = 0xff;
  controller.sendPayload(body);
  assert.equal(errorOf(await answer).errCode, 7004);
  controller.sendPayload(new Uint8Array([1, 2, 3]));
  controller.sendPayload(new Uint8Array());
  await settle();
  assert.equal(controller.records.length, 2);
});

test('messages that are not for an agent are 7001; answers to nothing are ignored (R-MSG.9)', async () => {
  const { controller } = rig([]);
  const notify = await controller.ask({
    case: 'notify',
    value: { notification: { case: 'objDeletion', value: { objPath: 'Device.X.1.' } } },
  });
  assert.equal(errorOf(notify).errCode, 7001);
  assert.equal(errorOf(await controller.ask({ case: 'register', value: {} })).errCode, 7001);
  const before = controller.records.length;
  controller.send(responseMsg('none', { case: 'getResp', value: {} }));
  controller.send(responseMsg('none', { case: 'notifyResp', value: {} }));
  await settle();
  assert.equal(controller.records.length, before);
});

test('a model that throws is 7003, and the agent lives on', async () => {
  const broken: DataModel = {
    types: [
      {
        path: 'Device.X.',
        access: 'readOnly',
        uniqueKeys: [],
        parameters: [{ name: 'P', type: 'string', access: 'readOnly' }],
      },
    ],
    instances: () => [],
    read() {
      throw new Error('out of order');
    },
    apply: () => ({ ok: true, objects: [] }),
    observe: () => () => {},
  };
  const { controller } = rig([broken]);
  const error = errorOf(await controller.ask(get('Device.X.')));
  assert.deepEqual([error.errCode, error.errMsg], [7003, 'internal error']);
  responseOf(await controller.ask(get('Device.LocalAgent.EndpointID')), 'getResp');
});

test('an agent that closes says goodbye with a Disconnect record, and leaves no timer', async () => {
  const real = new VirtualClock();
  const timers = new Set<object>();
  const clock: Clock = {
    now: () => real.now(),
    after(delayMs, act) {
      const timer = {};
      timers.add(timer);
      const cancel = real.after(delayMs, () => {
        timers.delete(timer);
        act();
      });
      return () => {
        timers.delete(timer);
        cancel();
      };
    },
  };
  const { agent, controller } = rig([new Openings()], {
    clock,
    controllers: [{ endpointId: controllerId, onBoard: true }],
  });
  controller.confirms = false;
  await subscribe(controller, 'Event', 'Device.Boot!', { TimeToLive: '60' });
  await controller.ask({
    case: 'operate',
    value: { command: 'Device.ScheduleTimer()', sendResp: true, inputArgs: { DelaySeconds: '9' } },
  });
  assert.ok(timers.size >= 4, 'Periodic!, the OnBoardRequest, the subscription, the command');
  agent.close();
  assert.equal(timers.size, 0);
  assert.equal((await controller.connection.closed).code, 1001);
  assert.equal(controller.records.at(-1)?.recordType.case, 'disconnect');
});

test('a message that asks for the whole model very often is 7005', async () => {
  const { controller } = rig([new Openings()]);
  const paths = Array<string>(30_000).fill('Device.');
  const described = await controller.ask({ case: 'getSupportedDm', value: { objPaths: paths, returnParams: true } });
  assert.equal(errorOf(described).errCode, 7005);
  assert.equal(errorOf(await controller.ask({ case: 'get', value: { paramPaths: paths } })).errCode, 7005);
});

test('whatever messages come, the agent lives on, and no opening is made by a broken one', async () => {
  const model = new Openings();
  const { controller } = rig([model, interfaces()]);
  const requests: UspRequest[] = [
    get('Device.NAT.PortMapping.[Alias=="a"&&ExternalPort>1].Interface+.Name'),
    { case: 'delete', value: { objPaths: ['Device.NAT.PortMapping.*.'] } },
    {
      case: 'operate',
      value: { command: 'Device.NAT.X_SLUICE_FreePorts()', sendResp: true, inputArgs: { Protocol: 'TCP' } },
    },
    { case: 'getSupportedDm', value: { objPaths: ['Device.NAT.PortMapping.{i}.'], returnParams: true } },
    { case: 'getInstances', value: { objPaths: ['Device.IP.Interface.*.IPv4Address.'] } },
  ];
  const seeds = requests.map((request) => encodeMsg(requestMsg('seed', request)));
  const changes = fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...seeds), changes, async (seed, flips) => {
      const bytes = seed.slice();
      for (const [at, value] of flips) bytes[at % bytes.length] = value;
      controller.sendPayload(bytes);
      await settle();
    }),
    { numRuns: 1000 },
  );
  assert.deepEqual(model.instances('Device.NAT.PortMapping.', { endpointId: controllerId }), []);
  responseOf(await controller.ask(get('Device.LocalAgent.EndpointID')), 'getResp');
});

test('models that contradict each other make no agent', () => {
  assert.throws(() => rig([new Openings(), new Openings()]), /described twice/);
  const odd: DataModel = {
    ...interfaces(),
    types: [],
    instances: () => [],
    read: () => undefined,
    apply: () => ({ ok: true, objects: [] }),
    observe: () => () => {},
  };
  assert.throws(
    () => rig([{ ...odd, types: [{ path: 'Device.A.{i}', access: 'readOnly', uniqueKeys: [], parameters: [] }] }]),
    /no object type/,
  );
});
