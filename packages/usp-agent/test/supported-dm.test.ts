import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CmdType,
  type GetSupportedDM,
  ObjAccessType,
  ParamAccessType,
  ParamValueType,
  ValueChangeType,
} from '@sluice/wire/usp';
import { interfaces, Openings } from './home-model.ts';
import { responseOf, rig } from './rig.ts';

const mappings = 'Device.NAT.PortMapping.';
const everything = { returnCommands: true, returnEvents: true, returnParams: true, returnUniqueKeySets: true };

type Flags = Partial<Omit<GetSupportedDM, '$typeName' | '$unknown' | 'objPaths'>>;

async function supported(path: string, flags: Flags = everything) {
  const { controller } = rig([new Openings(), interfaces()]);
  const answer = await controller.ask({ case: 'getSupportedDm', value: { objPaths: [path], ...flags } });
  const [result] = responseOf(answer, 'getSupportedDmResp').reqObjResults;
  assert.ok(result);
  return result;
}

test('TP-469 1.72: an object with all that is below it', async () => {
  const { supportedObjs, dataModelInstUri } = await supported('Device.NAT.');
  assert.match(dataModelInstUri, /^urn:broadband-forum-org:tr-181-2-/);
  assert.deepEqual(
    supportedObjs.map(({ supportedObjPath, access, isMultiInstance }) => [supportedObjPath, access, isMultiInstance]),
    [
      ['Device.NAT.', ObjAccessType.OBJ_READ_ONLY, false],
      [`${mappings}{i}.`, ObjAccessType.OBJ_ADD_DELETE, true],
      [`${mappings}{i}.Stats.`, ObjAccessType.OBJ_READ_ONLY, false],
    ],
  );
  const row = supportedObjs[1];
  const param = (name: string) => row?.supportedParams.find(({ paramName }) => paramName === name);
  assert.deepEqual(
    [param('Alias')?.access, param('Status')?.access],
    [ParamAccessType.PARAM_READ_WRITE, ParamAccessType.PARAM_READ_ONLY],
  );
  assert.equal(param('ExternalPort')?.valueType, ParamValueType.PARAM_UNSIGNED_INT);
  assert.equal(param('Status')?.valueChange, ValueChangeType.VALUE_CHANGE_ALLOWED);
  assert.deepEqual(
    row?.uniqueKeySets.map(({ keyNames }) => keyNames),
    [['Alias'], ['RemoteHost', 'ExternalPort', 'Protocol']],
  );
  assert.deepEqual(
    row?.supportedEvents.map(({ eventName, argNames }) => [eventName, argNames]),
    [['Used!', ['By']]],
  );
  assert.deepEqual(
    supportedObjs[0]?.supportedCommands.map(({ commandName, commandType, inputArgNames, outputArgNames }) => [
      commandName,
      commandType,
      inputArgNames,
      outputArgNames,
    ]),
    [
      ['X_SLUICE_FreePorts()', CmdType.CMD_SYNC, ['Protocol', 'Count'], ['Ports']],
      ['X_SLUICE_Scan()', CmdType.CMD_ASYNC, [], ['Found']],
    ],
  );
});

test('TP-469 1.74, 1.97 to 1.99: only what the flags ask for', async () => {
  const counts = async (flags: Flags) => {
    const { supportedObjs } = await supported(`${mappings}{i}.`, flags);
    const [row] = supportedObjs;
    return [row?.supportedParams, row?.supportedCommands, row?.supportedEvents, row?.uniqueKeySets].map(
      (list) => (list?.length ?? 0) > 0,
    );
  };
  assert.deepEqual(await counts({}), [false, false, false, false]);
  assert.deepEqual(await counts({ returnParams: true }), [true, false, false, false]);
  assert.deepEqual(await counts({ returnCommands: true }), [false, true, false, false]);
  assert.deepEqual(await counts({ returnEvents: true }), [false, false, true, false]);
  assert.deepEqual(await counts({ returnUniqueKeySets: true }), [false, false, false, true]);
});

test('TP-469 1.73, 1.75: first_level_only tells of children only that they are there', async () => {
  const { supportedObjs } = await supported('Device.NAT.', { ...everything, firstLevelOnly: true });
  assert.deepEqual(
    supportedObjs.map(({ supportedObjPath }) => supportedObjPath),
    ['Device.NAT.', `${mappings}{i}.`],
  );
  const [, row] = supportedObjs;
  assert.deepEqual([row?.supportedParams, row?.supportedCommands, row?.supportedEvents], [[], [], []]);
  assert.deepEqual(row?.uniqueKeySets, []);
});

test('TP-469 1.105 to 1.107: instances, a table without {i}, a single member', async () => {
  const paths = async (path: string) => (await supported(path)).supportedObjs.map((each) => each.supportedObjPath);
  for (const path of [mappings, `${mappings}{i}.`, `${mappings}1.`, `${mappings}*.`, `${mappings}[Alias=="a"].`]) {
    assert.equal((await paths(path))[0], `${mappings}{i}.`, path);
  }
  const members = async (path: string) => {
    const [row] = (await supported(path, {})).supportedObjs;
    return [
      row?.supportedParams.map((each) => each.paramName),
      row?.supportedCommands.map((each) => each.commandName),
      row?.supportedEvents.map((each) => each.eventName),
    ];
  };
  assert.deepEqual(await members(`${mappings}{i}.Alias`), [['Alias'], [], []]);
  assert.deepEqual(await members(`${mappings}{i}.Check()`), [[], ['Check()'], []]);
  assert.deepEqual(await members(`${mappings}Used!`), [[], [], ['Used!']]);
});

test('TP-469 1.77: paths that are not supported are 7026, malformed ones 7008', async () => {
  assert.equal((await supported('Device.Nowhere.')).errCode, 7026);
  assert.equal((await supported(`${mappings}{i}.Nonsense`)).errCode, 7026);
  assert.equal((await supported('Device.NAT')).errCode, 7026);
  assert.equal((await supported('Device..')).errCode, 7008);
});

test('TP-469 1.76: the whole model has the agent in it', async () => {
  const { supportedObjs } = await supported('Device.');
  const paths = supportedObjs.map(({ supportedObjPath }) => supportedObjPath);
  for (const path of [
    'Device.',
    'Device.LocalAgent.',
    'Device.LocalAgent.Subscription.{i}.',
    'Device.Firewall.',
    'Device.IP.Interface.{i}.IPv4Address.{i}.',
  ]) {
    assert.ok(paths.includes(path), path);
  }
});
