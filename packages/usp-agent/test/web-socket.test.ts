import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { clientTls, type Identity, openAuthority, peerIdentity, serverTls } from '@sluice/identity';
import { silentLog, VirtualClock } from '@sluice/io';
import { dialWebSocket, listenWebSocket, type UspConnection } from '@sluice/mtp';
import { createAgent } from '../index.ts';
import { Openings } from './home-model.ts';
import { agentId, controllerId, responseOf, settle, TestController } from './rig.ts';
import { subscribe, told } from './subscription-rig.ts';

const mappings = 'Device.NAT.PortMapping.';
let directory = '';
let controllerIdentity: Identity;
let agentIdentity: Identity;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'usp-agent-'));
  const authority = await openAuthority(directory);
  controllerIdentity = await authority.issue({ endpointId: controllerId, role: 'configuration-server' });
  agentIdentity = await authority.issue({ endpointId: agentId, role: 'gateway', names: ['127.0.0.1'] });
});

after(() => rm(directory, { recursive: true }));

const identify = (socket: TLSSocket) => peerIdentity(socket)?.endpointId;

test('TP-469 7.1, 7.12: the agent dials its controller over mutual TLS and answers it, whoever dialled', async () => {
  for (const agentDials of [true, false]) {
    const stop = new AbortController();
    const clock = new VirtualClock();
    const shared = { clock, log: silentLog, identify, pingIntervalMs: 0 };
    const model = new Openings();
    const agent = createAgent({
      endpointId: agentId,
      softwareVersion: '1',
      device: { oui: '012345', productClass: 'Gateway', serialNumber: 'a' },
      controllers: [{ endpointId: controllerId }],
      models: [model],
      clock,
      log: silentLog,
    });
    const accepted = Promise.withResolvers<UspConnection>();
    const [server, client] = agentDials ? [controllerIdentity, agentIdentity] : [agentIdentity, controllerIdentity];
    const listening = await listenWebSocket(
      {
        ...shared,
        host: '127.0.0.1',
        port: 0,
        path: '/usp',
        tls: serverTls(server),
        endpointId: server.endpointId,
        onConnection: accepted.resolve,
      },
      stop.signal,
    );
    const url = `wss://127.0.0.1:${listening.port}/usp`;
    const dialled = await dialWebSocket(
      { ...shared, url, tls: clientTls(client), endpointId: client.endpointId, expectedPeer: server.endpointId },
      stop.signal,
    );
    const [ofAgent, ofController] = agentDials ? [dialled, await accepted.promise] : [await accepted.promise, dialled];
    agent.attach(ofAgent);
    const controller = new TestController(ofController);

    await subscribe(controller, 'ObjectCreation', mappings, { ID: 'made', NotifRetry: 'true' });
    const added = await controller.ask({
      case: 'add',
      value: { createObjs: [{ objPath: mappings, paramSettings: [{ param: 'Alias', value: 'a', required: true }] }] },
    });
    responseOf(added, 'addResp');
    assert.equal(controller.records[0]?.recordType.case, 'websocketConnect');
    assert.deepEqual(model.instances(mappings, { endpointId: controllerId }), [1]);
    const read = await controller.ask({ case: 'get', value: { paramPaths: [`${mappings}[Alias=="a"].Protocol`] } });
    assert.equal(responseOf(read, 'getResp').reqPathResults[0]?.resolvedPathResults.length, 1);
    // The notification was sent before the answer to this Get.
    await settle();
    assert.deepEqual(told(controller), [`made: +${mappings}1.`]);

    agent.close();
    assert.equal((await ofController.closed).code, 1001);
    stop.abort();
    await listening.closed;
  }
});
