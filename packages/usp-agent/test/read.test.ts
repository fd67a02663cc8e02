import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interfaces, Openings, unsure } from './home-model.ts';
import { controllerId, errorOf, responseOf, rig } from './rig.ts';

const mappings = 'Device.NAT.PortMapping.';
const me = { endpointId: controllerId };

function world(over: Parameters<typeof rig>[1] = {}) {
  const model = new Openings();
  const row = (cells: Record<string, string>) => model.add(mappings, cells, me);
  row({ Alias: 'a', ExternalPort: '20001', Enable: 'true', Interface: 'Device.IP.Interface.1', Tags: 'film,radio' });
  row({ Alias: 'b', ExternalPort: '20002', Protocol: 'TCP', Interface: 'Device.IP.Interface.2' });
  row({ Alias: 'c', ExternalPort: '20003', RemoteHost: '203.0.113.10', Description: 'say "x" 100%' });
  return { model, ...rig([unsure(model), interfaces()], over) };
}

async function get(controller: ReturnType<typeof world>['controller'], path: string, maxDepth = 0) {
  const answer = await controller.ask({ case: 'get', value: { paramPaths: [path], maxDepth } });
  const [result] = responseOf(answer, 'getResp').reqPathResults;
  assert.ok(result);
  assert.equal(result.requestedPath, path);
  return result;
}

const found = async (controller: ReturnType<typeof world>['controller'], path: string) =>
  (await get(controller, path)).resolvedPathResults.map(({ resolvedPath }) => resolvedPath);

test('TP-469 1.36: one parameter, alone with its object', async () => {
  const { controller } = world();
  const result = await get(controller, `${mappings}2.Protocol`);
  assert.deepEqual(
    result.resolvedPathResults.map(({ resolvedPath, resultParams }) => [resolvedPath, resultParams]),
    [[`${mappings}2.`, { Protocol: 'TCP' }]],
  );
});

test('TP-469 1.39, 1.40: an object, with all below it in results of their own', async () => {
  const { controller } = world();
  assert.deepEqual(await found(controller, 'Device.IP.'), [
    'Device.IP.Interface.1.',
    'Device.IP.Interface.1.IPv4Address.1.',
    'Device.IP.Interface.1.IPv4Address.2.',
    'Device.IP.Interface.2.',
  ]);
});

test('TP-469 1.89: max_depth counts objects down; a table and its rows are one level (R-GET.5)', async () => {
  const { controller } = world();
  const depth = async (path: string, maxDepth: number) =>
    (await get(controller, path, maxDepth)).resolvedPathResults.map(({ resolvedPath }) => resolvedPath);
  assert.deepEqual(await depth('Device.NAT.', 1), ['Device.NAT.']);
  assert.deepEqual(await depth('Device.NAT.', 2), ['Device.NAT.', `${mappings}1.`, `${mappings}2.`, `${mappings}3.`]);
  assert.deepEqual((await depth('Device.NAT.', 3)).includes(`${mappings}1.Stats.`), true);
  assert.deepEqual(await depth(`${mappings}1.`, 1), [`${mappings}1.`]);
});

test('TP-469 1.43: paths in an answer have instance numbers, asked for by key or not (R-MSG.3)', async () => {
  const { controller } = world();
  assert.deepEqual(await found(controller, `${mappings}[RemoteHost==""&&ExternalPort==20002&&Protocol=="TCP"].`), [
    `${mappings}2.`,
    `${mappings}2.Stats.`,
  ]);
  assert.deepEqual(await found(controller, `${mappings}[Alias=="c"].Status`), [`${mappings}3.`]);
});

test('TP-469 1.44 to 1.51, 1.82: search expressions', async () => {
  const { controller } = world();
  const cases: [expression: string, rows: number[]][] = [
    ['*', [1, 2, 3]],
    ['[Enable==true]', [1]],
    ['[Enable==1]', [1]],
    ['[Enable!=true]', [2, 3]],
    ['[Protocol=="UDP"&&ExternalPort>20001]', [3]],
    ['[ExternalPort>=20002]', [2, 3]],
    ['[ExternalPort<20002]', [1]],
    ['[ExternalPort <= 20002 && Protocol != "TCP"]', [1]],
    ['[Tags~="radio"]', [1]],
    ['[Tags~="rad"]', []],
    ['[Tags=="film,radio"]', [1]],
    ['[Description=="say %22x%22 100%25"]', [3]],
    ['[Interface+.Name=="eth1"]', [2]],
    ['[Stats.Packets==0]', [1, 2, 3]],
    ['[Alias=="none"]', []],
  ];
  for (const [expression, rows] of cases) {
    const result = await get(controller, `${mappings}${expression}.Alias`);
    assert.equal(result.errCode, 0, `${expression}: ${result.errMsg}`);
    assert.deepEqual(
      result.resolvedPathResults.map(({ resolvedPath }) => resolvedPath),
      rows.map((number) => `${mappings}${number}.`),
      expression,
    );
  }
});

test('a row named by all of one key is found by it; the others are not looked at', async () => {
  const { controller, model } = world({ objectsPerMessage: 3 });
  for (let i = 0; i < 100; i++) model.add(mappings, { Alias: `m${i}`, ExternalPort: `${30000 + i}` }, me);
  assert.deepEqual(await found(controller, `${mappings}[Alias=="m7"].Status`), [`${mappings}11.`]);
  const key = '[Protocol=="UDP"&&RemoteHost==""&&ExternalPort==30007]';
  assert.deepEqual(await found(controller, `${mappings}${key}.Status`), [`${mappings}11.`]);
});

test('expressions that cannot be asked are refused by path (7008, 7026)', async () => {
  const { controller } = world();
  const code = async (path: string) => (await get(controller, path)).errCode;
  assert.equal(await code(`${mappings}[Protocol<"UDP"].`), 7008, 'strings have no order');
  assert.equal(await code(`${mappings}[Alias~="a"].`), 7008, 'no list');
  assert.equal(await code(`${mappings}[ExternalPort=="many"].`), 7008);
  assert.equal(await code(`${mappings}[Nonsense==1].`), 7026);
  assert.equal(await code(`${mappings}[Alias=="a"`), 7008);
  assert.equal(await code(`${mappings}{i}.`), 7008);
});

test('references are followed', async () => {
  const { controller } = world();
  const result = await get(controller, `${mappings}1.Interface+.Name`);
  assert.deepEqual(
    result.resolvedPathResults.map(({ resolvedPath, resultParams }) => [resolvedPath, resultParams]),
    [['Device.IP.Interface.1.', { Name: 'eth0' }]],
  );
  assert.deepEqual(await found(controller, `${mappings}*.Interface#*+.Name`), [
    'Device.IP.Interface.1.',
    'Device.IP.Interface.2.',
  ]);
  assert.deepEqual(await found(controller, `${mappings}3.Interface+.Name`), [], 'it refers to nothing');
  assert.equal((await get(controller, `${mappings}1.Nonsense+.Name`)).errCode, 7026);
});

test('TP-469 1.41, 1.42: what is not there, or cannot be, is 7026 in its own result (R-GET.0)', async () => {
  const { controller } = world();
  const answer = await controller.ask({
    case: 'get',
    value: {
      paramPaths: [
        `${mappings}9.`,
        'Device.Nowhere.',
        `${mappings}1.Nonsense`,
        `${mappings}1.Check()`,
        `${mappings}1.Alias`,
      ],
    },
  });
  assert.deepEqual(
    responseOf(answer, 'getResp').reqPathResults.map(({ errCode }) => errCode),
    [7026, 7026, 7026, 7026, 0],
  );
});

test('TP-469 1.66 to 1.71: GetInstances tells rows and keys, down to the last table or not', async () => {
  const { controller } = world();
  const list = async (path: string, firstLevelOnly: boolean) => {
    const answer = await controller.ask({ case: 'getInstances', value: { objPaths: [path], firstLevelOnly } });
    const [result] = responseOf(answer, 'getInstancesResp').reqPathResults;
    assert.equal(result?.errCode, 0, result?.errMsg);
    return result?.currInsts ?? [];
  };
  const paths = async (path: string, firstLevelOnly: boolean) =>
    (await list(path, firstLevelOnly)).map(({ instantiatedObjPath }) => instantiatedObjPath);
  assert.deepEqual(await paths('Device.IP.Interface.', true), ['Device.IP.Interface.1.', 'Device.IP.Interface.2.']);
  assert.deepEqual(await paths('Device.IP.Interface.', false), [
    'Device.IP.Interface.1.',
    'Device.IP.Interface.1.IPv4Address.1.',
    'Device.IP.Interface.1.IPv4Address.2.',
    'Device.IP.Interface.2.',
  ]);
  assert.deepEqual(await paths('Device.IP.Interface.*.IPv4Address.', true), [
    'Device.IP.Interface.1.IPv4Address.1.',
    'Device.IP.Interface.1.IPv4Address.2.',
  ]);
  assert.deepEqual(await paths(`${mappings}[Alias=="b"].`, true), [`${mappings}2.`]);
  assert.deepEqual((await list(mappings, true))[1]?.uniqueKeys, {
    Alias: 'b',
    RemoteHost: '',
    ExternalPort: '20002',
    Protocol: 'TCP',
  });
});

test('GetInstances of no table is 7018, of an unknown path 7026, of a missing parent 7016', async () => {
  const { controller } = world();
  const objPaths = ['Device.NAT.', `${mappings}1.Alias`, 'Device.Nowhere.', 'Device.IP.Interface.9.IPv4Address.'];
  const answer = await controller.ask({ case: 'getInstances', value: { objPaths } });
  assert.deepEqual(
    responseOf(answer, 'getInstancesResp').reqPathResults.map(({ errCode }) => errCode),
    [7018, 7018, 7026, 7016],
  );
});

test('TP-469 1.80: GetSupportedProtocol', async () => {
  const { controller } = world();
  const answer = await controller.ask({
    case: 'getSupportedProtocol',
    value: { controllerSupportedProtocolVersions: '1.3' },
  });
  assert.equal(responseOf(answer, 'getSupportedProtocolResp').agentSupportedProtocolVersions, '1.0,1.1,1.2,1.3,1.4');
});

test('a message that would touch too many objects, or an answer too long, is 7005', async () => {
  const few = world({ objectsPerMessage: 3 }).controller;
  const costly = await few.ask({ case: 'get', value: { paramPaths: [`${mappings}[Enable==true].`, `${mappings}*.`] } });
  assert.equal(errorOf(costly).errCode, 7005);
  const short = world({ maxAnswerBytes: 500 }).controller;
  const long = await short.ask({ case: 'get', value: { paramPaths: ['Device.'] } });
  assert.equal(errorOf(long).errCode, 7005);
});
