import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Authority, clientTls, peerIdentity, writeIdentity } from '@sluice/identity';
import { silentLog, systemClock } from '@sluice/io';
import { dialWebSocket } from '@sluice/mtp';
import { ensureSubscriptions } from '@sluice/usp-controller';
import { addRequest, deleteRequest, getRequest } from '@sluice/wire/usp';
import { householdStatus } from '../household/status.ts';
import { askHousehold } from '../io/household-socket.ts';
import { runGateway } from '../main.ts';
import {
  caseOf,
  configured,
  controllerId,
  controllerOf,
  deployment,
  gatewayId,
  machineInMemory,
  row,
} from './on-loopback.ts';

test('a gateway dials, opens, tells, and leaves what is open when it ends', async (t) => {
  const { directory, configuration, signal } = await deployment(t);
  const { controller, turns, url, ask, news } = await controllerOf(configuration, signal);
  const { machine, dataPlane, moveTo } = machineInMemory();
  const config = configured(directory, { controllers: [{ endpointId: controllerId, url }] });
  const first = await runGateway(config, silentLog, signal, machine);
  assert.equal(first.port, undefined);
  await turns.online.promise;
  const until = AbortSignal.timeout(5_000);
  const subscriptions = [
    { id: 'addresses', notifType: 'ValueChange', referenceList: 'Device.IP.Interface.' },
    { id: 'ended', notifType: 'Event', referenceList: 'Device.NAT.PortMapping.*.X_SLUICE_Ended!' },
  ] as const;
  assert.equal(await ensureSubscriptions(controller, gatewayId, subscriptions, until), undefined);
  assert.equal(caseOf(await ask(addRequest([row]))), 'addResp');
  const answer = await askHousehold(first.controlSocket, 'GET', '/v1/status', until);
  assert.ok(answer.ok);
  const status = householdStatus.parse(answer.body);
  assert.deepEqual(status.controllers, [{ endpointId: controllerId, connected: true }]);
  assert.deepEqual(
    status.openings.map(({ id, state }) => [id, state]),
    [['film', 'open']],
  );
  turns.online = Promise.withResolvers();
  moveTo('203.0.113.99');
  await turns.offline.promise;
  await turns.online.promise;
  await news((told) => told.kind === 'value-change' && told.value === '203.0.113.99');

  turns.offline = Promise.withResolvers();
  await first[Symbol.asyncDispose]();
  await turns.offline.promise;
  assert.deepEqual(
    dataPlane.read().map(({ local }) => local.port),
    [5000],
  );
  assert.ok(!existsSync(first.controlSocket));

  turns.online = Promise.withResolvers();
  await using second = await runGateway(config, silentLog, signal, machine);
  await turns.online.promise;
  await ensureSubscriptions(controller, gatewayId, subscriptions, until);
  const held = await ask(getRequest(['Device.NAT.PortMapping.[Alias=="film"].']));
  assert.ok(held.kind === 'response' && held.response.case === 'getResp');
  const [found] = held.response.value.reqPathResults[0]?.resolvedPathResults ?? [];
  assert.equal(found?.resultParams.InternalClient, '192.168.1.2');
  await askHousehold(second.controlSocket, 'POST', '/v1/pause', until);
  const ended = await news((told) => told.kind === 'event' && told.event === 'X_SLUICE_Ended!');
  assert.ok(ended.kind === 'event');
  assert.deepEqual([ended.parameters.Alias, ended.parameters.Reason], ['film', 'household']);
  await second[Symbol.asyncDispose]();

  turns.online = Promise.withResolvers();
  await using third = await runGateway(config, silentLog, signal, machine);
  await turns.online.promise;
  const paused = await ask(addRequest([row]));
  assert.ok(paused.kind === 'error' && /paused/.test(paused.message), JSON.stringify(paused));
  await askHousehold(third.controlSocket, 'POST', '/v1/resume', until);
  assert.equal(caseOf(await ask(addRequest([row]))), 'addResp');
  assert.equal(caseOf(await ask(deleteRequest(['Device.NAT.PortMapping.[Alias=="film"].']))), 'deleteResp');
  assert.deepEqual(dataPlane.read(), []);
});

async function dial(authority: Authority, endpointId: string, role: 'portal' | 'configuration-server', port: number) {
  const identity = await authority.issue({ endpointId, role });
  const connection = await dialWebSocket(
    {
      endpointId,
      clock: systemClock,
      log: silentLog,
      identify: (socket) => peerIdentity(socket)?.endpointId,
      url: `wss://127.0.0.1:${port}/usp`,
      tls: clientTls(identity),
      expectedPeer: gatewayId,
    },
    AbortSignal.timeout(5_000),
  );
  connection.close();
  return connection.peer;
}

test('where it listens, a gateway lets in the controllers of its policy alone', async (t) => {
  const { directory, authority, signal } = await deployment(t);
  const { machine } = machineInMemory();
  const config = configured(directory, {
    listen: { host: '127.0.0.1', port: 0 },
    policy: { controllers: [{ endpointId: controllerId }] },
  });
  await using running = await runGateway(config, silentLog, signal, machine);
  const port = running.port ?? 0;
  assert.equal(await dial(authority, controllerId, 'configuration-server', port), gatewayId);
  await assert.rejects(dial(authority, 'self::configuration-2', 'configuration-server', port), /403/);
  await assert.rejects(dial(authority, controllerId, 'portal', port), /403/);
});

test('a gateway does not start with the certificate of another', async (t) => {
  const { directory, configuration, signal } = await deployment(t);
  const { machine } = machineInMemory();
  const listen = { host: '127.0.0.1', port: 0 };
  await assert.rejects(
    runGateway(configured(directory, { listen, endpointId: 'self::gateway-2' }), silentLog, signal, machine),
    /the certificate is for self::gateway-1, not for self::gateway-2/,
  );
  await writeIdentity(join(directory, 'gateway'), configuration);
  await assert.rejects(runGateway(configured(directory, { listen }), silentLog, signal, machine), /not for a gateway/);
});
