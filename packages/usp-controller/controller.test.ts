import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unreachable } from '@sluice/driver';
import { VirtualClock } from '@sluice/io';
import { connectionPair, type UspConnection } from '@sluice/mtp';
import {
  connectRecord,
  decodeMsg,
  disconnectRecord,
  encodeMsg,
  encodeRecord,
  errorMsg,
  getRequest,
  type Msg,
  messageRecord,
  requestMsg,
  responseMsg,
  type UspRequest,
  type UspResponse,
} from '@sluice/wire/usp';
import { type AgentListener, UspController } from './index.ts';

const me = 'self::configuration-1';
const agentId = 'self::gateway-a';
const soon = () => AbortSignal.timeout(2_000);

/** A listener that writes down what it is told. */
function diary(): { listener: AgentListener; told: string[] } {
  const told: string[] = [];
  return {
    told,
    listener: {
      online: ({ agentId, versions }) => told.push(`online ${agentId} ${versions.join('+')}`),
      offline: (id, reason) => told.push(`offline ${id}: ${reason}`),
      booted: (id, { Cause }) => told.push(`booted ${id} ${Cause}`),
      notified: (id, notification) => told.push(`${notification.kind} ${id}`),
      troubled: (id, code) => told.push(`troubled ${id} ${code}`),
    },
  };
}

/** The agent's end of a connection, by hand: answers first contact, keeps the rest in `inbox`. */
class ScriptedAgent {
  readonly connection: UspConnection;
  readonly inbox: Msg[] = [];
  #arrived: () => void = () => {};

  constructor(connection: UspConnection, greets = true) {
    this.connection = connection;
    connection.receive((record) => {
      if (record.recordType.case !== 'noSessionContext') return;
      const decoded = decodeMsg(record.recordType.value.payload);
      assert.ok(decoded.ok);
      const request = requestIn(decoded.value);
      if (greets && request === 'getSupportedProtocol')
        this.respond(decoded.value, {
          case: 'getSupportedProtocolResp',
          value: { agentSupportedProtocolVersions: '1.3,1.4' },
        });
      else if (greets && request === 'getSupportedDm')
        this.respond(decoded.value, { case: 'getSupportedDmResp', value: { reqObjResults: [] } });
      else {
        this.inbox.push(decoded.value);
        this.#arrived();
      }
    });
  }

  /** The inbox once it holds so many. */
  async received(count: number): Promise<Msg[]> {
    while (this.inbox.length < count)
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    return this.inbox;
  }

  connect(): this {
    this.connection.send(encodeRecord(connectRecord(this.connection.local, this.connection.peer)));
    return this;
  }

  send(msg: Msg): void {
    const { local, peer } = this.connection;
    this.connection.send(encodeRecord(messageRecord(local, peer, encodeMsg(msg))));
  }

  respond(request: Msg, response: UspResponse): void {
    this.send(responseMsg(request.header?.msgId ?? '', response));
  }

  notify(msgId: string, notification: Extract<UspRequest, { case: 'notify' }>['value']): void {
    this.send(requestMsg(msgId, { case: 'notify', value: { subscriptionId: 's', sendResp: true, ...notification } }));
  }
}

function requestIn(msg: Msg): string | undefined {
  return msg.body?.msgBody.case === 'request' ? msg.body.msgBody.value.reqType.case : undefined;
}

function bench(options: { greets?: boolean; dial?: (url: string) => UspConnection } = {}) {
  const clock = new VirtualClock();
  const { listener, told } = diary();
  const controller = new UspController({
    endpointId: me,
    clock,
    listener,
    branches: ['Device.NAT.'],
    idPrefix: 't-',
    ...(options.dial && { dial: async (_agent, url) => options.dial?.(url) ?? assert.fail() }),
  });
  const join = () => {
    const [ours, theirs] = connectionPair(me, agentId);
    controller.take(ours);
    return new ScriptedAgent(theirs, options.greets);
  };
  return { clock, controller, told, join };
}

async function online(): Promise<ReturnType<typeof bench> & { agent: ScriptedAgent }> {
  const parts = bench();
  const agent = parts.join().connect();
  await parts.controller.reach(agentId, undefined, soon());
  return { ...parts, agent };
}

const getResp = (path: string): UspResponse => ({
  case: 'getResp',
  value: { reqPathResults: [{ requestedPath: path }] },
});

test('an agent is online once it has connected and said what it speaks', async () => {
  const { controller, told, join } = bench();
  const agent = join();
  assert.deepEqual(controller.online, []);
  agent.connect();
  const contact = await controller.reach(agentId, undefined, soon());
  assert.deepEqual(contact.versions, ['1.3', '1.4']);
  assert.deepEqual(controller.online, [agentId]);
  assert.deepEqual(told, ['online self::gateway-a 1.3+1.4']);
});

test('answers find their requests though they come in another order', async () => {
  const { controller, agent } = await online();
  const paths = ['Device.A.', 'Device.B.', 'Device.C.'];
  const answers = Promise.all(paths.map((path) => controller.request(agentId, getRequest([path]), soon())));
  const requests = await agent.received(3);
  assert.equal(new Set(requests.map((request) => request.header?.msgId)).size, 3);
  for (const index of [2, 0, 1]) {
    const request = requests[index];
    assert.ok(request);
    agent.respond(request, getResp(paths[index] ?? ''));
  }
  const got = (await answers).map((answer) =>
    answer.kind === 'response' && answer.response.case === 'getResp'
      ? answer.response.value.reqPathResults[0]?.requestedPath
      : '',
  );
  assert.deepEqual(got, paths);
});

test('a USP Error is an answer, with the codes of its parameters', async () => {
  const { controller, agent } = await online();
  const answer = controller.request(agentId, getRequest(['Device.']), soon());
  const [request] = await agent.received(1);
  agent.send(
    errorMsg(request?.header?.msgId ?? '', 7004, 'no', [{ paramPath: 'Device.X', errCode: 7025, errMsg: 'taken' }]),
  );
  assert.deepEqual(await answer, {
    kind: 'error',
    code: 7004,
    message: 'no',
    parameters: [{ path: 'Device.X', code: 7025, message: 'taken' }],
  });
});

test('an answer that nobody waits for any more is ignored', async () => {
  const { controller, agent, told } = await online();
  const deadline = new AbortController();
  const first = controller.request(agentId, getRequest(['Device.A.']), deadline.signal);
  const [late] = await agent.received(1);
  assert.ok(late);
  deadline.abort(new Error('too late'));
  await assert.rejects(first, { name: 'AnswerLost' });
  agent.respond(late, getResp('Device.A.'));
  agent.respond(late, getResp('Device.A.'));
  const second = controller.request(agentId, getRequest(['Device.B.']), soon());
  const [, request] = await agent.received(2);
  assert.ok(request);
  agent.respond(request, getResp('Device.B.'));
  assert.equal((await second).kind, 'response');
  assert.equal(told.length, 1);
});

test('what was sent when the connection broke is lost; what comes after was never sent', async () => {
  const { controller, agent, told } = await online();
  const lost = [1, 2].map(() => controller.request(agentId, getRequest(['Device.']), soon()));
  await agent.received(2);
  agent.connection.close(1006, 'cable');
  for (const one of await Promise.allSettled(lost)) {
    assert.equal(one.status, 'rejected');
    assert.equal(one.status === 'rejected' && one.reason.name, 'AnswerLost');
  }
  await assert.rejects(controller.request(agentId, getRequest(['Device.']), soon()), Unreachable);
  assert.deepEqual(told.slice(1), ['offline self::gateway-a: cable']);
});

test('a signal that has ended before sends nothing', async () => {
  const { controller, agent } = await online();
  await assert.rejects(controller.request(agentId, getRequest(['Device.']), AbortSignal.abort(new Error('over'))), {
    message: 'over',
  });
  const next = controller.request(agentId, getRequest(['Device.']), soon());
  const [request, ...others] = await agent.received(1);
  assert.equal(others.length, 0);
  assert.ok(request);
  agent.respond(request, getResp(''));
  await next;
});

test('a notification is told once, and each copy is answered when asked', async () => {
  const { controller, agent, told } = await online();
  const change = { notification: { case: 'valueChange' as const, value: { paramPath: 'Device.X', paramValue: '1' } } };
  agent.notify('n-1', change);
  agent.notify('n-1', change);
  agent.notify('n-2', { ...change, sendResp: false });
  const [first, second] = await agent.received(2);
  for (const answer of [first, second]) {
    assert.equal(answer?.header?.msgId, 'n-1');
    const body = answer?.body?.msgBody;
    const response = body?.case === 'response' ? body.value.respType : undefined;
    assert.equal(response?.case === 'notifyResp' && response.value.subscriptionId, 's');
  }
  // A retry also comes over the next connection.
  const next = connectionPair(me, agentId);
  controller.take(next[0]);
  const again = new ScriptedAgent(next[1]).connect();
  await controller.reach(agentId, undefined, soon());
  again.notify('n-1', change);
  await again.received(1);
  assert.deepEqual(
    told.filter((line) => line.startsWith('value-change')),
    ['value-change self::gateway-a', 'value-change self::gateway-a'],
  );
});

test('a boot that is reported before the greeting is told after it', async () => {
  const { controller, told, join } = bench();
  const agent = join();
  agent.connect();
  agent.notify('b-1', {
    notification: {
      case: 'event',
      value: { objPath: 'Device.', eventName: 'Boot!', params: { Cause: 'LocalReboot' } },
    },
  });
  await controller.reach(agentId, undefined, soon());
  await agent.received(1);
  assert.deepEqual(told, ['online self::gateway-a 1.3+1.4', 'booted self::gateway-a LocalReboot']);
});

test('a newer connection takes the place of the older when all is answered there: the agent was online all the time', async () => {
  const { controller, agent, told, join } = await online();
  const asked = controller.request(agentId, getRequest(['Device.']), soon());
  const [request] = await agent.received(1);
  assert.ok(request);
  join().connect();
  await controller.reach(agentId, undefined, soon());
  agent.respond(request, getResp('Device.'));
  assert.notEqual((await asked).kind, 'error');
  assert.equal((await agent.connection.closed).code, 1008);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(told, ['online self::gateway-a 1.3+1.4']);
  assert.deepEqual(controller.online, [agentId]);
});

test('a newer connection takes the place of the older, whose requests are lost after 10 s', async () => {
  const { clock, controller, agent, told, join } = await online();
  const lost = controller.request(agentId, getRequest(['Device.']), soon());
  await agent.received(1);
  join().connect();
  await controller.reach(agentId, undefined, soon());
  const rejected = assert.rejects(lost, { name: 'AnswerLost' });
  await clock.pass(10_000);
  await rejected;
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(told, [
    'online self::gateway-a 1.3+1.4',
    'offline self::gateway-a: a newer connection took its place',
    'online self::gateway-a 1.3+1.4',
  ]);
});

test('an agent that connects and stays silent is cut off', async () => {
  const { clock, controller, told, join } = bench({ greets: false });
  const agent = join().connect();
  const reaching = controller.reach(agentId, undefined, soon());
  reaching.catch(() => {});
  await agent.received(2);
  await clock.pass(31_000);
  await assert.rejects(reaching);
  assert.equal((await agent.connection.closed).code, 1008);
  assert.deepEqual(told, ['troubled self::gateway-a 0']);
  await assert.rejects(controller.reach(agentId, undefined, soon()), Unreachable);
});

test('an agent that leaves with a Disconnect is offline, and its reason is told', async () => {
  const { agent, told, controller } = await online();
  const lost = controller.request(agentId, getRequest(['Device.']), soon());
  agent.connection.send(encodeRecord(disconnectRecord(agentId, me, 7105, 'maintenance')));
  await assert.rejects(lost, { name: 'AnswerLost' });
  await agent.connection.closed;
  assert.equal(told[1], 'troubled self::gateway-a 7105');
  assert.match(told[2] ?? '', /^offline self::gateway-a/);
});

test('a request of the agent that is no Notify is answered with an Error, and so is an unreadable one', async () => {
  const { agent, told } = await online();
  agent.send(requestMsg('r-1', { case: 'get', value: { paramPaths: ['Device.'] } }));
  const [refused] = await agent.received(1);
  assert.equal(refused?.header?.msgId, 'r-1');
  assert.equal(refused?.body?.msgBody.case === 'error' && refused.body.msgBody.value.errCode, 7001);
  const { local, peer } = agent.connection;
  agent.connection.send(encodeRecord(messageRecord(local, peer, Uint8Array.of(0xff, 0xff, 0xff))));
  agent.send(requestMsg('r-2', { case: 'get', value: { paramPaths: ['Device.'] } }));
  await agent.received(2);
  assert.equal(told[1], 'troubled self::gateway-a 7100');
});

test('an agent that listens is dialled, once for all who wait', async () => {
  const dialled: string[] = [];
  const { controller } = bench({
    dial(url) {
      dialled.push(url);
      const [ours, theirs] = connectionPair(me, agentId);
      new ScriptedAgent(theirs).connect();
      return ours;
    },
  });
  const url = 'wss://192.0.2.1:8443/usp';
  await Promise.all([1, 2].map(() => controller.reach(agentId, url, soon())));
  assert.deepEqual(dialled, [url]);
  await assert.rejects(controller.reach('self::gateway-b', undefined, soon()), Unreachable);
});

test('a dial that nobody waits for any more is given up; while one waits it goes on', async () => {
  const dials: { signal: AbortSignal; answer: (connection: UspConnection) => void }[] = [];
  const controller = new UspController({
    ...{
      endpointId: me,
      clock: new VirtualClock(),
      listener: diary().listener,
      branches: ['Device.NAT.'],
      idPrefix: 't-',
    },
    dial: (_agent, _url, signal) => new Promise((answer) => dials.push({ signal, answer })),
  });
  const url = 'wss://192.0.2.1:8443/usp';
  const [one, other] = [new AbortController(), new AbortController()];
  const waiting = [one, other].map(({ signal }) => assert.rejects(controller.reach(agentId, url, signal), /left/));
  one.abort(new Error('left'));
  await waiting[0];
  assert.equal(dials[0]?.signal.aborted, false);
  other.abort(new Error('left'));
  await waiting[1];
  assert.equal(dials[0]?.signal.aborted, true);
  // Whoever asks next does not wait for that one.
  const reached = controller.reach(agentId, url, soon());
  const [ours, theirs] = connectionPair(me, agentId);
  new ScriptedAgent(theirs).connect();
  dials[1]?.answer(ours);
  await reached;
  assert.equal(dials.length, 2);
});

test('disposing ends the conversations', async () => {
  const { controller, agent } = await online();
  await controller[Symbol.asyncDispose]();
  assert.equal((await agent.connection.closed).code, 1001);
});
