import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '@sluice/io';
import {
  addRequest,
  deleteRequest,
  getInstancesRequest,
  getRequest,
  getSupportedModelRequest,
  operateRequest,
  setRequest,
  type UspAnswer,
} from '@sluice/wire/usp';
import { runGateway } from '../main.ts';
import { caseOf, configured, controllerOf, deployment, machineInMemory, row } from './on-loopback.ts';

const mappings = 'Device.NAT.PortMapping.';
const denied = 7006;

/** The code of what was not done, or the kind of answer. */
function outcome(answer: UspAnswer): number | string {
  const text = JSON.stringify(answer);
  const code = /"(?:errCode|code)":([1-9]\d*)/.exec(text)?.[1];
  return code === undefined ? String(caseOf(answer)) : Number(code);
}

/** A gateway with a controller that opens, one that reads, and one with roles of its own. */
async function home(t: Parameters<typeof deployment>[0]) {
  const { directory, authority, configuration, signal } = await deployment(t);
  const issue = (n: number) =>
    authority.issue({ endpointId: `self::configuration-${n}`, role: 'configuration-server', names: ['127.0.0.1'] });
  const identities = [configuration, await issue(2), await issue(3)];
  const [opening, reading, monitor] = await Promise.all(identities.map((identity) => controllerOf(identity, signal)));
  assert.ok(opening && reading && monitor);
  const [first, second, third] = identities.map(({ endpointId }) => endpointId);
  const policy = {
    consent: 'off',
    controllers: [
      { endpointId: first },
      { endpointId: second, right: 'read' },
      { endpointId: third, right: 'read', roles: ['devices'] },
    ],
    roles: [
      {
        name: 'devices',
        permissions: [{ targets: ['Device.Hosts.'], param: 'r--n', obj: 'r---', instantiatedObj: 'r---' }],
      },
    ],
  };
  const controllers = [opening, reading, monitor].map(({ url }, n) => ({ endpointId: identities[n]?.endpointId, url }));
  const { machine, dataPlane } = machineInMemory();
  const running = await runGateway(configured(directory, { controllers, policy }), silentLog, signal, machine);
  await Promise.all([opening, reading, monitor].map(({ turns }) => turns.online.promise));
  return { running, dataPlane, opening, reading, monitor };
}

test('each controller is held to the tables that its role is for', async (t) => {
  const { running, dataPlane, opening, reading, monitor } = await home(t);
  await using _ = running;
  assert.equal(outcome(await opening.ask(addRequest([row]))), 'addResp');
  const [path = ''] =
    /Device\.NAT\.PortMapping\.\d+\./.exec(JSON.stringify(await opening.ask(getRequest([mappings])))) ?? [];
  const subscription = {
    table: 'Device.LocalAgent.Subscription.',
    values: { Enable: 'true', ID: 's', NotifType: 'ValueChange', ReferenceList: 'Device.IP.Interface.' },
  };
  const asked = {
    'read the addresses': getRequest(['Device.IP.Interface.*.IPv4Address.*.IPAddress']),
    'read NAT': getRequest(['Device.NAT.PortMappingNumberOfEntries']),
    'read the devices': getRequest(['Device.Hosts.HostNumberOfEntries']),
    'list the devices': getInstancesRequest(['Device.Hosts.Host.']),
    'list its rows': getInstancesRequest([mappings]),
    'ask for free ports': operateRequest('Device.NAT.X_SLUICE_FreePorts()', { Protocol: 'UDP', Count: '1' }),
    subscribe: addRequest([subscription]),
    open: addRequest([
      { ...row, values: { ...row.values, Alias: 'second', InternalPort: '5002', X_SLUICE_RemotePort: '7002' } },
    ]),
    'change what is not its own': setRequest([{ path, values: { LeaseDuration: '10' } }]),
    'remove what is not its own': deleteRequest([path]),
    'give itself a role': setRequest([
      { path: 'Device.LocalAgent.Controller.*.', values: { AssignedRole: 'Device.LocalAgent.ControllerTrust.Role.1' } },
    ]),
    'see the roles': getRequest(['Device.LocalAgent.ControllerTrust.Role.*.Name']),
  };
  const table: Record<
    keyof typeof asked,
    readonly [opening: number | string, reading: number | string, monitor: number | string]
  > = {
    'read the addresses': ['getResp', 'getResp', denied],
    'read NAT': ['getResp', 'getResp', denied],
    'read the devices': [denied, denied, 'getResp'],
    'list the devices': [denied, denied, 'getInstancesResp'],
    'list its rows': ['getInstancesResp', 'getInstancesResp', denied],
    'ask for free ports': ['operateResp', denied, denied],
    subscribe: ['addResp', 'addResp', denied],
    open: ['addResp', denied, denied],
    'change what is not its own': ['setResp', 7016, 7016],
    'remove what is not its own': ['deleteResp', denied, denied],
    'give itself a role': [7021, 7021, denied],
    'see the roles': ['getResp', 'getResp', denied],
  };
  for (const [title, request] of Object.entries(asked)) {
    const expected = table[title as keyof typeof asked];
    // Whose row it is removes it last.
    const outcomes = [
      outcome(await monitor.ask(request)),
      outcome(await reading.ask(request)),
      outcome(await opening.ask(request)),
    ];
    assert.deepEqual(outcomes.reverse(), expected, title);
  }
  assert.deepEqual(
    dataPlane.read().map(({ local }) => local.port),
    [5002],
  );
});

test('what a role does not show is not in the model that its controller is told of', async (t) => {
  const { running, opening, monitor } = await home(t);
  await using _ = running;
  const model = async ({ ask }: typeof opening) => {
    const answer = await ask(getSupportedModelRequest(['Device.']));
    assert.ok(answer.kind === 'response' && answer.response.case === 'getSupportedDmResp');
    return answer.response.value.reqObjResults[0]?.supportedObjs.map(({ supportedObjPath }) => supportedObjPath) ?? [];
  };
  const [opens, monitors] = [await model(opening), await model(monitor)];
  assert.ok(opens.includes('Device.NAT.PortMapping.{i}.') && !opens.some((path) => path.startsWith('Device.Hosts.')));
  assert.ok(monitors.length > 0 && monitors.every((path) => path.startsWith('Device.Hosts.')));
});
