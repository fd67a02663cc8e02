import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unreachable } from '@sluice/driver';
import { VirtualClock } from '@sluice/io';
import type { Opening, Outcome } from '@sluice/model';
import { AddressBook, type UspPort } from '@sluice/usp-gateway';
import {
  answerIn,
  decodeMsg,
  encodeMsg,
  errorMsg,
  responseMsg,
  type UspRequest,
  type UspResponse,
} from '@sluice/wire/usp';
import { sluiceDriver } from './index.ts';

const gateway = { gatewayId: 'self::gateway-a', type: 'sluice' as const, communication: {} };
const signal = AbortSignal.timeout(5_000);

const opening: Opening = {
  id: 's1-0',
  streamType: 'udp',
  remote: { address: '203.0.113.10', port: 7000 },
  local: { address: '192.168.1.2', port: 5000 },
  until: Date.UTC(2030, 0, 1) + 10_000,
};

type Reply = UspResponse | { case: 'error'; code: number; message: string; parameters?: [string, number, string][] };

/** A USP port that answers with what it is given, in order, and keeps what it was asked. */
function scripted(replies: readonly (Reply | Error)[]): UspPort & { readonly asked: UspRequest[] } {
  const asked: UspRequest[] = [];
  const left = [...replies];
  return {
    asked,
    reach: async () => ({
      supported: new Map([['Device.NAT.PortMapping.{i}.', new Set(['X_SLUICE_RemotePort', 'X_SLUICE_StreamType'])]]),
    }),
    async request(_gatewayId, request) {
      asked.push(request);
      const reply = left.shift();
      assert.ok(reply, 'asked once too often');
      if (reply instanceof Error) throw reply;
      const msg =
        reply.case === 'error'
          ? errorMsg(
              'm',
              reply.code,
              reply.message,
              (reply.parameters ?? []).map(([paramPath, errCode, errMsg]) => ({ paramPath, errCode, errMsg })),
            )
          : responseMsg('m', reply);
      const decoded = decodeMsg(encodeMsg(msg));
      const answer = decoded.ok ? answerIn(decoded.value) : undefined;
      assert.ok(answer);
      return answer;
    },
  };
}

const interfaces: Reply = {
  case: 'getResp',
  value: {
    reqPathResults: [
      {
        resolvedPathResults: [
          { resolvedPath: 'Device.NAT.InterfaceSetting.1.', resultParams: { Interface: 'Device.IP.Interface.1' } },
          { resolvedPath: 'Device.IP.Interface.1.IPv4Address.1.', resultParams: { IPAddress: '203.0.113.1' } },
        ],
      },
    ],
  },
};

const added = (uniqueKeys: Record<string, string>, path = 'Device.NAT.PortMapping.4.'): Reply => ({
  case: 'addResp',
  value: {
    createdObjResults: [
      { operStatus: { operStatus: { case: 'operSuccess', value: { instantiatedPath: path, uniqueKeys } } } },
    ],
  },
});

async function opened(replies: readonly (Reply | Error)[], wanted = opening): Promise<[Outcome, UspRequest[]]> {
  const controller = scripted([interfaces, ...replies]);
  const clock = new VirtualClock();
  const driver = sluiceDriver({ controller, clock, addressBook: new AddressBook() });
  const session = await driver.connect(gateway, signal);
  const [step] = driver.plan({ gateway, open: [wanted], renew: [], close: [] }, undefined, clock.now()).steps;
  assert.ok(step);
  return [await session.apply(step, signal), controller.asked.slice(1)];
}

test('one exchange is enough when the local address was named', async () => {
  const [outcome, asked] = await opened([added({ Alias: 's1-0', ExternalPort: '16400' })]);
  assert.deepEqual(outcome, {
    kind: 'applied',
    granted: [{ ...opening, global: { address: '203.0.113.1', port: 16_400 }, globalPort: 16_400 }],
  });
  assert.deepEqual(
    asked.map((request) => request.case),
    ['add'],
  );
});

test('a local address that was left to the gateway is looked up by its row', async () => {
  const { address: _, ...local } = { ...opening.local };
  const path = 'Device.NAT.PortMapping.4.';
  const [outcome, asked] = await opened(
    [
      added({ Alias: 's1-0', ExternalPort: '16400' }),
      {
        case: 'getResp',
        value: {
          reqPathResults: [
            { resolvedPathResults: [{ resolvedPath: path, resultParams: { InternalClient: '192.168.1.3' } }] },
          ],
        },
      },
    ],
    { ...opening, local },
  );
  assert.deepEqual(outcome.kind === 'applied' && outcome.granted[0]?.local, { address: '192.168.1.3', port: 5000 });
  assert.deepEqual(asked[1], { case: 'get', value: { paramPaths: [`${path}InternalClient`], maxDepth: 0 } });
});

test('USP errors become refusals, whichever of the two codes is the telling one', async () => {
  const cases: [Reply, string][] = [
    [{ case: 'error', code: 7025, message: 'taken' }, 'port-in-use'],
    [{ case: 'error', code: 7800, message: 'that is the gateway' }, 'target-is-gateway'],
    [{ case: 'error', code: 7004, message: 'x', parameters: [['Device.X', 7805, 'too many']] }, 'quota-exceeded'],
    [{ case: 'error', code: 7809, message: 'paused', parameters: [['Device.X', 7012, 'value']] }, 'paused'],
    [{ case: 'error', code: 7006, message: 'not you' }, 'gateway-refused'],
    [{ case: 'error', code: 7999, message: 'no such code' }, 'gateway-refused'],
  ];
  for (const [reply, code] of cases) {
    const [outcome] = await opened([reply]);
    assert.equal(outcome.kind === 'refused' && outcome.refusal.code, code, JSON.stringify(reply));
    assert.equal(outcome.kind === 'refused' && outcome.refusal.subject, opening.id);
  }
});

test('nothing sent is a refusal, anything that is not a whole answer is unknown', async () => {
  const cases: [Reply | Error, Outcome['kind']][] = [
    [new Unreachable('no connection'), 'refused'],
    [new Error('no answer in time'), 'unknown'],
    [{ case: 'addResp', value: { createdObjResults: [] } }, 'unknown'],
    [added({ Alias: 'another', ExternalPort: '16400' }), 'unknown'],
    [added({ Alias: 's1-0', ExternalPort: '0' }), 'unknown'],
    [added({ Alias: 's1-0' }), 'unknown'],
    [{ case: 'deleteResp', value: {} }, 'unknown'],
  ];
  for (const [reply, kind] of cases) {
    const [outcome] = await opened([reply]);
    assert.equal(outcome.kind, kind, JSON.stringify(reply));
    if (outcome.kind === 'refused') assert.equal(outcome.refusal.code, 'gateway-offline');
  }
});

test('addresses are asked for once, and again when they were forgotten', async () => {
  const controller = scripted([interfaces, interfaces]);
  const addressBook = new AddressBook();
  const driver = sluiceDriver({ controller, clock: new VirtualClock(), addressBook });
  for (let time = 0; time < 3; time++) {
    const session = await driver.connect(gateway, signal);
    assert.deepEqual((await session.addresses(signal)).global, ['203.0.113.1']);
  }
  assert.equal(controller.asked.length, 1);
  addressBook.forget(gateway.gatewayId);
  await (await driver.connect(gateway, signal)).addresses(signal);
  assert.equal(controller.asked.length, 2);
});

test('an answer that was under way when the news came is not kept', async () => {
  const addressBook = new AddressBook();
  const controller = scripted([interfaces, interfaces]);
  const { request } = controller;
  controller.request = async (...question) => {
    const answer = await request(...question);
    if (controller.asked.length === 1) addressBook.forget(gateway.gatewayId);
    return answer;
  };
  const session = await sluiceDriver({ controller, clock: new VirtualClock(), addressBook }).connect(gateway, signal);
  await session.addresses(signal);
  await session.addresses(signal);
  await session.addresses(signal);
  assert.equal(controller.asked.length, 2);
});

test('an agent without our extensions is not taken for a gateway of this type', async () => {
  const controller = { ...scripted([]), reach: async () => ({ supported: new Map() }) };
  const driver = sluiceDriver({ controller, clock: new VirtualClock(), addressBook: new AddressBook() });
  await assert.rejects(driver.connect(gateway, signal), Unreachable);
});
