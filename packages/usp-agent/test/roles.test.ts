import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addRequest,
  deleteRequest,
  errorCode,
  getInstancesRequest,
  getRequest,
  getSupportedModelRequest,
  ObjAccessType,
  operateRequest,
  ParamAccessType,
  setRequest,
  type UspRequest,
} from '@sluice/wire/usp';
import type { PermissionEntry, RoleEntry } from '../index.ts';
import { interfaces, Openings } from './home-model.ts';
import { controllerId, otherId, responseOf, rig, settle } from './rig.ts';
import { add, remove, set, subscribe, told } from './subscription-rig.ts';

const mappings = 'Device.NAT.PortMapping.';
const subscriptions = 'Device.LocalAgent.Subscription.';
const all = { param: 'rw-n', obj: 'rw-n', instantiatedObj: 'rw-n', commandEvent: 'r-xn' };

/** An agent whose first controller has a role of these permissions, and whose second may do everything. */
function agentWith(...permissions: readonly PermissionEntry[]) {
  const openings = new Openings();
  const roles: RoleEntry[] = [
    { name: 'limited', permissions },
    { name: 'everything', permissions: [{ targets: ['Device.'], ...all }] },
  ];
  const controllers = [
    { endpointId: controllerId, roles: ['limited'] },
    { endpointId: otherId, roles: ['everything'] },
  ];
  const made = rig([openings, interfaces()], { controllers, roles });
  return { ...made, openings, other: made.attach(otherId) };
}

type Asks = ReturnType<typeof agentWith>['controller'];

/** The parameters that a Get gave by object, or the code of its error. */
async function get(controller: Asks, path: string) {
  const answer = await controller.ask(getRequest([path]));
  const [result] = responseOf(answer, 'getResp').reqPathResults;
  assert.ok(result);
  if (result.errCode !== 0) return result.errCode;
  return Object.fromEntries(result.resolvedPathResults.map((found) => [found.resolvedPath, found.resultParams]));
}

async function codeOf(controller: Asks, request: UspRequest): Promise<number> {
  const body = (await controller.ask(request)).body?.msgBody;
  return body?.case === 'error' ? body.value.errCode : 0;
}

const denied = errorCode.permissionDenied;

test('no right, no sight: not by path, not by search, not by a comparison, not in the model', async () => {
  const { controller, openings } = agentWith(
    { targets: ['Device.NAT.'], param: 'r---', obj: 'r---', instantiatedObj: 'r---' },
    { targets: [`${mappings}RemoteHost`], param: '----' },
  );
  openings.add(mappings, { Alias: 'a', RemoteHost: '203.0.113.10' }, { endpointId: controllerId });
  const row = await get(controller, `${mappings}1.`);
  assert.ok(typeof row === 'object');
  const shown = Object.keys(row[`${mappings}1.`] ?? {});
  assert.ok(shown.includes('Alias') && !shown.includes('RemoteHost'), shown.join());
  assert.equal(await get(controller, `${mappings}1.RemoteHost`), denied);
  assert.equal(await get(controller, `${mappings}[RemoteHost=="203.0.113.10"].Alias`), denied);
  assert.deepEqual(await get(controller, `${mappings}[Alias=="a"].Protocol`), {
    [`${mappings}1.`]: { Protocol: 'UDP' },
  });
  assert.equal(await get(controller, 'Device.IP.Interface.*.Name'), denied);
  assert.deepEqual(await get(controller, 'Device.IP.'), {}, 'of what may not be read, nothing is there');
  assert.equal(await get(controller, 'Device.IP.Interface.1.Name'), denied);
  const model = responseOf(await controller.ask(getSupportedModelRequest(['Device.'])), 'getSupportedDmResp');
  const objects = model.reqObjResults[0]?.supportedObjs ?? [];
  assert.ok(objects.every(({ supportedObjPath }) => supportedObjPath.startsWith('Device.NAT.')));
  const described = objects.find(({ supportedObjPath }) => supportedObjPath === `${mappings}{i}.`);
  assert.ok(!described?.supportedParams.some(({ paramName }) => paramName === 'RemoteHost'));
  assert.deepEqual(described?.supportedCommands, []);
});

test('without the right to list there is no listing, and a row whose number one knows may still be read', async () => {
  const { controller, openings } = agentWith({ targets: ['Device.NAT.'], param: 'r---', obj: 'r---' });
  openings.add(mappings, { Alias: 'a' }, { endpointId: controllerId });
  const list = async (path: string) => {
    const answer = await controller.ask(getInstancesRequest([path]));
    return responseOf(answer, 'getInstancesResp').reqPathResults[0]?.errCode;
  };
  assert.equal(await list(mappings), denied);
  assert.equal(await get(controller, `${mappings}*.Alias`), denied);
  assert.deepEqual(Object.keys(Object(await get(controller, 'Device.NAT.'))), ['Device.NAT.']);
  assert.deepEqual(await get(controller, `${mappings}1.Alias`), { [`${mappings}1.`]: { Alias: 'a' } });
});

test('who may only read changes nothing: each message is refused, and the model is not asked', async () => {
  const { controller, openings } = agentWith({
    targets: ['Device.'],
    param: 'r--n',
    obj: 'r--n',
    instantiatedObj: 'r--n',
    commandEvent: 'r--n',
  });
  openings.add(mappings, { Alias: 'a' }, { endpointId: controllerId });
  const before = openings.applied.length;
  const values = { ExternalPort: '20001' };
  const asked: [UspRequest, number][] = [
    [addRequest([{ table: mappings, values }]), denied],
    [setRequest([{ path: `${mappings}1.`, values }]), errorCode.requiredParameterFailed],
    [deleteRequest([`${mappings}1.`]), denied],
    [deleteRequest([`${mappings}*.`]), denied],
    [deleteRequest([`${mappings}99.`]), denied],
    [operateRequest(`${mappings}1.Check()`, {}), denied],
    [operateRequest('Device.NAT.X_SLUICE_FreePorts()', { Protocol: 'TCP' }), denied],
    [addRequest([{ table: subscriptions, values: { NotifType: 'Event', ReferenceList: 'Device.' } }]), denied],
  ];
  for (const [request, code] of asked)
    assert.equal(await codeOf(controller, request), code, JSON.stringify(request).slice(0, 120));
  assert.equal(openings.applied.length, before);
  const model = responseOf(await controller.ask(getSupportedModelRequest([mappings])), 'getSupportedDmResp');
  const [described] = model.reqObjResults[0]?.supportedObjs ?? [];
  assert.equal(described?.access, ObjAccessType.OBJ_READ_ONLY);
  assert.ok(described?.supportedParams.every(({ access }) => access === ParamAccessType.PARAM_READ_ONLY));
});

test('a parameter that may not be written fails where it is required, and is named where it is not', async () => {
  const { controller } = agentWith(
    { targets: ['Device.NAT.'], ...all },
    { targets: [`${mappings}{i}.RemoteHost`], param: 'r---' },
  );
  const row = (required: boolean): UspRequest => ({
    case: 'add',
    value: {
      allowPartial: false,
      createObjs: [
        {
          objPath: mappings,
          paramSettings: [
            { param: 'Description', value: 'x', required: true },
            { param: 'Tags', value: 'a', required },
          ],
        },
      ],
    },
  });
  const { controller: tagless } = agentWith(
    { targets: ['Device.NAT.'], ...all },
    { targets: [`${mappings}Tags`], param: 'r---' },
  );
  assert.equal(await codeOf(tagless, row(true)), errorCode.requiredParameterFailed);
  const answer = responseOf(await tagless.ask(row(false)), 'addResp').createdObjResults[0]?.operStatus?.operStatus;
  assert.ok(answer?.case === 'operSuccess');
  assert.deepEqual(
    answer.value.paramErrs.map(({ param, errCode }) => [param, errCode]),
    [['Tags', denied]],
  );
  assert.equal(
    await codeOf(controller, addRequest([{ table: mappings, values: { Description: 'x' } }])),
    0,
    'left out, it is the default',
  );
  assert.equal(
    await codeOf(controller, addRequest([{ table: mappings, values: { RemoteHost: '203.0.113.10' } }])),
    errorCode.requiredParameterFailed,
  );
});

test('who may not be told is not: of values, of rows made and gone, of commands and events', async () => {
  const kinds = [
    ['ValueChange', mappings],
    ['ObjectCreation', mappings],
    ['ObjectDeletion', mappings],
    ['Event', `${mappings}*.Used!`],
  ] as const;
  const base = [
    { targets: ['Device.LocalAgent.'], ...all },
    { targets: ['Device.NAT.'], param: 'rw--', obj: 'rw--', instantiatedObj: 'rw--', commandEvent: 'r-x-' },
  ];
  const letters = {
    ValueChange: 'param',
    ObjectCreation: 'obj',
    ObjectDeletion: 'instantiatedObj',
    Event: 'commandEvent',
  } as const;
  for (const right of [undefined, ...kinds.map(([kind]) => kind)]) {
    const extra = right === undefined ? [] : [{ ...base[1], targets: ['Device.NAT.'], [letters[right]]: 'rw-n' }];
    const { controller, openings } = agentWith(...base, ...extra);
    for (const [kind, reference] of kinds) await subscribe(controller, kind, reference, { ID: kind });
    const row = await add(controller, mappings, { Description: 'x' });
    await set(controller, row, 'Description', 'y');
    openings.emit(row, 'Used!', { By: 'x' }, controllerId);
    await settle();
    await remove(controller, row);
    const heard = new Set(controller.notifications.map(({ notify }) => notify.subscriptionId));
    assert.deepEqual([...heard], right === undefined ? [] : [right], `${right}: ${told(controller).join('; ')}`);
  }
});

test('roles and permissions are there to be read, each controller with its own; nobody changes them', async () => {
  const { controller, other } = agentWith({ targets: ['Device.LocalAgent.', 'Device.NAT.'], order: 5, ...all });
  const trust = 'Device.LocalAgent.ControllerTrust.';
  assert.deepEqual(await get(controller, `${trust}Role.1.`), {
    [`${trust}Role.1.`]: { Alias: 'role-limited', Enable: 'true', Name: 'limited', PermissionNumberOfEntries: '1' },
    [`${trust}Role.1.Permission.1.`]: {
      Alias: 'permission-1',
      Enable: 'true',
      Order: '5',
      Targets: 'Device.LocalAgent.,Device.NAT.',
      Param: 'rw-n',
      Obj: 'rw-n',
      InstantiatedObj: 'rw-n',
      CommandEvent: 'r-xn',
    },
  });
  const own = 'Device.LocalAgent.Controller.';
  assert.deepEqual(await get(controller, `${own}*.AssignedRole`), { [`${own}1.`]: { AssignedRole: `${trust}Role.1` } });
  assert.deepEqual(await get(other, `${own}*.AssignedRole+.Name`), { [`${trust}Role.2.`]: { Name: 'everything' } });
  for (const request of [
    setRequest([{ path: `${trust}Role.1.Permission.1.`, values: { Obj: 'rwxn' } }]),
    setRequest([{ path: `${own}1.`, values: { AssignedRole: `${trust}Role.2` } }]),
    addRequest([{ table: `${trust}Role.`, values: { Name: 'mine' } }]),
    deleteRequest([`${trust}Role.2.`]),
  ])
    assert.notEqual(await codeOf(other, request), 0);
});

test('a controller without a role here may nothing; without roles at all, each may everything', async () => {
  const roles = [{ name: 'everything', permissions: [{ targets: ['Device.'], ...all }] }];
  const nothing = rig([new Openings()], { roles, controllers: [{ endpointId: controllerId, roles: ['another'] }] });
  assert.deepEqual(await get(nothing.controller, 'Device.'), {});
  assert.equal(await codeOf(nothing.controller, addRequest([{ table: mappings, values: {} }])), denied);
  const free = rig([new Openings()]);
  assert.equal(await codeOf(free.controller, addRequest([{ table: mappings, values: {} }])), 0);
});

test('one controller does not use up the commands that another may run', async () => {
  const { controller, other } = agentWith({ targets: ['Device.'], ...all });
  const timer = operateRequest('Device.ScheduleTimer()', { DelaySeconds: '60' }, 'k');
  const begun = async (asking: Asks) => {
    const answer = responseOf(await asking.ask(timer), 'operateResp').operationResults[0];
    return answer?.operationResp.case;
  };
  for (let n = 0; n < 32; n++) assert.equal(await begun(controller), 'reqObjPath');
  assert.equal(await begun(controller), 'cmdFailure');
  assert.equal(await begun(other), 'reqObjPath');
});
