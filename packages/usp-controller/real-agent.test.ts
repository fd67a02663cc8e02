import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog, VirtualClock } from '@sluice/io';
import { connectionPair } from '@sluice/mtp';
import { createAgent } from '@sluice/usp-agent';
import { getRequest } from '@sluice/wire/usp';
import { type AgentListener, completeOnBoarding, ensureSubscriptions, UspController } from './index.ts';

const [me, agentId] = ['self::configuration-1', 'self::gateway-a'];
const soon = () => AbortSignal.timeout(5_000);

/** Our agent with nothing but itself, and a controller that writes down what it is told. */
async function meet() {
  const clock = new VirtualClock();
  const told: string[] = [];
  const listener: AgentListener = {
    online: ({ versions, supported }) =>
      told.push(`online ${versions.includes('1.4')} ${supported.get('Device.LocalAgent.')?.has('EndpointID')}`),
    offline: () => told.push('offline'),
    booted: (_, { Cause }) => told.push(`booted ${Cause}`),
    notified: (_, notification) => told.push(notification.kind),
    troubled: (_, code) => told.push(`troubled ${code}`),
  };
  const controller = new UspController({
    endpointId: me,
    clock,
    listener,
    branches: ['Device.LocalAgent.'],
    idPrefix: 'c-',
  });
  const agent = createAgent({
    endpointId: agentId,
    softwareVersion: '1',
    device: { oui: '000000', productClass: 'gateway', serialNumber: '1' },
    controllers: [{ endpointId: me, onBoard: true }],
    models: [],
    clock,
    log: silentLog,
  });
  const connect = async () => {
    const [ours, theirs] = connectionPair(me, agentId);
    agent.attach(theirs);
    controller.take(ours);
    await controller.reach(agentId, undefined, soon());
  };
  await connect();
  const read = async (path: string) => {
    const answer = await controller.request(agentId, getRequest([path]), soon());
    assert.ok(answer.kind === 'response' && answer.response.case === 'getResp', JSON.stringify(answer));
    const rows = answer.response.value.reqPathResults.flatMap(({ resolvedPathResults }) => resolvedPathResults);
    return rows.map(({ resultParams }) => resultParams);
  };
  return { clock, controller, agent, told, connect, read };
}

test('first contact: what the agent speaks and knows, and its own introduction', async () => {
  const { controller, told, read, agent, connect, clock } = await meet();
  assert.deepEqual(told, ['on-board', 'online true true']);
  await completeOnBoarding(controller, agentId, soon());
  const [row] = await read('Device.LocalAgent.Controller.');
  assert.equal(row?.OnBoardingComplete, 'true');
  await connect();
  await clock.pass(60_000);
  assert.deepEqual(told.slice(2), [], 'handed over: not introduced again, and never away');
  agent.close();
});

test('subscriptions are asked for once, and what they tell arrives', async () => {
  const { controller, told, read, agent, clock } = await meet();
  const wanted = [
    { id: 'boot', notifType: 'Event', referenceList: 'Device.Boot!' },
    { id: 'periodic', notifType: 'Event', referenceList: 'Device.LocalAgent.Periodic!' },
  ] as const;
  for (let time = 0; time < 2; time++) {
    assert.equal(await ensureSubscriptions(controller, agentId, wanted, soon()), undefined);
    assert.deepEqual(
      (await read('Device.LocalAgent.Subscription.')).map(({ ID, Recipient }) => [ID, Recipient]),
      wanted.map(({ id }) => [id, 'Device.LocalAgent.Controller.1']),
    );
  }
  const before = told.length;
  await clock.pass(86_400_000);
  assert.ok(told.slice(before).every((line) => line === 'event'));
  assert.ok(told.length > before, 'no Periodic! arrived');
  const refused = [{ id: 'wrong', notifType: 'Event', referenceList: 'Device.NoSuch!' }] as const;
  const refusal = await ensureSubscriptions(controller, agentId, refused, soon());
  assert.equal(refusal?.kind, 'error');
  agent.close();
});
