import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParamSetting, UspRequest } from '@sluice/wire/usp';
import { interfaces, Openings, unsure } from './home-model.ts';
import { controllerId, errorOf, otherId, responseOf, rig } from './rig.ts';

const mappings = 'Device.NAT.PortMapping.';
const pinholes = 'Device.Firewall.Pinhole.';
const me = { endpointId: controllerId };

type Setting = Omit<ParamSetting, '$typeName' | '$unknown'>;
const must = (param: string, value: string): Setting => ({ param, value, required: true });
const may = (param: string, value: string): Setting => ({ param, value, required: false });

function add(allowPartial: boolean, ...createObjs: { objPath: string; paramSettings: Setting[] }[]): UspRequest {
  return { case: 'add', value: { allowPartial, createObjs } };
}

const row = (objPath: string, ...paramSettings: Setting[]) => ({ objPath, paramSettings });

function outcomes(msg: Parameters<typeof responseOf>[0]) {
  return responseOf(msg, 'addResp').createdObjResults.map(({ operStatus }) => operStatus?.operStatus);
}

test('TP-469 1.1: a row is added, its keys are told, missing ones are chosen (R-ADD.5)', async () => {
  const model = new Openings();
  const { controller } = rig([model]);
  const answer = await controller.ask(
    add(false, row(mappings, must('ExternalPort', '20000'), must('Protocol', 'TCP'))),
  );
  const [made] = responseOf(answer, 'addResp').createdObjResults;
  assert.equal(made?.requestedPath, mappings);
  const status = made?.operStatus?.operStatus;
  assert.equal(status?.case, 'operSuccess');
  assert.ok(status?.case === 'operSuccess');
  assert.equal(status.value.instantiatedPath, `${mappings}1.`);
  assert.deepEqual(status.value.uniqueKeys, {
    Alias: 'cpe-1',
    RemoteHost: '',
    ExternalPort: '20000',
    Protocol: 'TCP',
  });
  assert.equal(model.read(`${mappings}1.`, me)?.get('Protocol'), 'TCP');
});

test('TP-469 1.2, 1.8, 1.9: allow_partial true, the bad row fails by itself', async () => {
  const model = new Openings();
  const { controller } = rig([model]);
  const answer = await controller.ask(
    add(true, row(mappings, must('Alias', 'a')), row(mappings, must('ExternalPort', '70000')), row('Device.Nowhere.')),
  );
  const [good, bad, nowhere] = outcomes(answer);
  assert.equal(good?.case, 'operSuccess');
  assert.ok(bad?.case === 'operFailure' && nowhere?.case === 'operFailure');
  assert.equal(bad.value.errCode, 7021);
  assert.equal(nowhere.value.errCode, 7026);
  assert.deepEqual(model.instances(mappings, me), [1]);
});

test('TP-469 1.3, 1.7: allow_partial false, one bad row and nothing is left', async () => {
  const model = new Openings();
  const { controller } = rig([model]);
  const answer = await controller.ask(
    add(
      false,
      row(mappings, must('Alias', 'a')),
      row(pinholes, must('Alias', 'p')),
      row(mappings, must('Alias', 'c'), must('Protocol', 'SCTP')),
    ),
  );
  const error = errorOf(answer);
  assert.equal(error.errCode, 7021);
  assert.deepEqual(
    error.paramErrs.map(({ paramPath, errCode }) => [paramPath, errCode]),
    [[`${mappings}[Alias=="c"].Protocol`, 7012]],
  );
  assert.deepEqual([model.instances(mappings, me), model.instances(pinholes, me)], [[], []]);
  assert.equal(model.applied.length, 0);
});

test('TP-469 1.5: several rows and tables of one model reach it in one call', async () => {
  const model = new Openings();
  const { controller } = rig([unsure(model), interfaces()]);
  const rows = [1, 2, 3].map((n) => row(mappings, must('Alias', `m${n}`), must('ExternalPort', `${20000 + n}`)));
  const answer = await controller.ask(add(false, ...rows, row(pinholes, must('Alias', 'p'))));
  assert.deepEqual(
    outcomes(answer).map((status) => status?.case === 'operSuccess' && status.value.instantiatedPath),
    [`${mappings}1.`, `${mappings}2.`, `${mappings}3.`, `${pinholes}1.`],
  );
  assert.deepEqual(
    model.applied.map((changes) => changes.length),
    [4],
  );
});

test('a parameter that is not required may fail, and is told', async () => {
  const model = new Openings();
  const { controller } = rig([model]);
  const answer = await controller.ask(
    add(
      false,
      row(mappings, must('Alias', 'a'), may('Nonsense', '1'), may('LeaseDuration', 'long'), may('Status', 'Enabled')),
    ),
  );
  const [made] = outcomes(answer);
  assert.ok(made?.case === 'operSuccess');
  assert.deepEqual(
    made.value.paramErrs.map(({ param, errCode }) => [param, errCode]),
    [
      ['Nonsense', 7010],
      ['LeaseDuration', 7011],
      ['Status', 7013],
    ],
  );
});

test('a model may refuse a parameter that is not required, and the row is made without it', async () => {
  const model = new Openings();
  const { controller } = rig([model]);
  const settings = [must('Alias', 'a'), may('LeaseDuration', '100000')];
  const [made] = outcomes(await controller.ask(add(false, row(mappings, ...settings))));
  assert.ok(made?.case === 'operSuccess');
  assert.deepEqual(
    made.value.paramErrs.map(({ param, errCode }) => [param, errCode]),
    [['LeaseDuration', 7806]],
  );
  assert.equal(model.read(`${mappings}1.`, me)?.get('LeaseDuration'), '0');
});

test('what narrows a row counts as required, and is never left out of it', async () => {
  const model = new Openings();
  const { controller } = rig([model]);
  const answer = await controller.ask(add(false, row(mappings, must('Alias', 'a'), may('RemotePort', '70000'))));
  assert.deepEqual(
    errorOf(answer).paramErrs.map(({ errCode }) => errCode),
    [7012],
  );
  assert.deepEqual(model.instances(mappings, me), []);
});

test('what the model refuses comes with its own code, and names the row', async () => {
  const model = new Openings();
  const { controller } = rig([model]);
  const error = errorOf(
    await controller.ask(add(false, row(mappings, must('Alias', 'a'), may('ExternalPort', '60001')))),
  );
  assert.equal(error.errCode, 7803, 'ExternalPort is part of a key and so required');
  assert.deepEqual(
    error.paramErrs.map(({ paramPath }) => paramPath),
    [`${mappings}[Alias=="a"].ExternalPort`],
  );
  const whole = errorOf(await controller.ask(add(false, row(mappings, must('Alias', 'b'), may('Description', 'no')))));
  assert.deepEqual([whole.errCode, whole.paramErrs[0]?.paramPath], [7809, `${mappings}[Alias=="b"].`]);
});

test('TP-469 1.4, 1.6: 7026, 7018, 7019 and 7008 where the path is wrong', async () => {
  const { controller } = rig([new Openings(), interfaces()]);
  const code = async (path: string) => errorOf(await controller.ask(add(false, row(path)))).errCode;
  assert.equal(await code('Device.Nowhere.'), 7026);
  assert.equal(await code('Device.NAT.'), 7018);
  assert.equal(await code('Device.IP.Interface.'), 7019);
  assert.equal(await code('Device.NAT.PortMapping'), 7018);
  assert.equal(await code('Device.NAT.PortMapping.['), 7008);
  assert.equal(await code('Device.IP.Interface.7.IPv4Address.'), 7016);
});

test('a duplicate key is refused with 7025, also inside one message', async () => {
  const model = new Openings();
  const { controller } = rig([model]);
  const same = [must('ExternalPort', '20000'), must('Protocol', 'UDP')];
  const within = errorOf(await controller.ask(add(false, row(mappings, ...same), row(mappings, ...same))));
  assert.equal(within.errCode, 7025);
  assert.deepEqual(model.instances(mappings, me), []);
  await controller.ask(add(false, row(mappings, ...same)));
  assert.equal(errorOf(await controller.ask(add(false, row(mappings, ...same)))).errCode, 7025);
});

test('TP-469 1.10, 1.95: Add over a search path or a key makes a row in every table that matches', async () => {
  const model = interfaces();
  const { controller } = rig([model]);
  const path = 'Device.IP.Interface.*.IPv4Address.';
  const answer = await controller.ask(add(false, row(path, must('IPAddress', '192.0.2.1'))));
  const results = responseOf(answer, 'addResp').createdObjResults;
  assert.deepEqual(
    results.map(({ requestedPath }) => requestedPath),
    [path, path],
  );
  assert.deepEqual(
    outcomes(answer).map((status) => status?.case === 'operSuccess' && status.value.instantiatedPath),
    ['Device.IP.Interface.1.IPv4Address.3.', 'Device.IP.Interface.2.IPv4Address.1.'],
  );
  const keyed = await controller.ask(add(false, row('Device.IP.Interface.[Name=="eth1"].IPv4Address.')));
  assert.deepEqual(
    outcomes(keyed).map((status) => status?.case === 'operSuccess' && status.value.instantiatedPath),
    ['Device.IP.Interface.2.IPv4Address.2.'],
  );
  const none = await controller.ask(add(false, row('Device.IP.Interface.[Name=="none"].IPv4Address.')));
  assert.deepEqual(
    outcomes(none).map((status) => status?.case),
    ['operSuccess'],
    'R-MSG.4a',
  );
});

test('over a search path with allow_partial false one failure undoes all', async () => {
  const model = interfaces();
  const { controller } = rig([model]);
  const path = 'Device.IP.Interface.*.IPv4Address.';
  const error = errorOf(await controller.ask(add(false, row(path, must('Alias', 'first')))));
  assert.equal(error.errCode, 7025, 'the first interface has that alias');
  assert.deepEqual(model.instances('Device.IP.Interface.2.IPv4Address.', me), []);
});

test('a message over two models: the one that can say is asked, the one that cannot goes first', async () => {
  const openings = new Openings();
  const addresses = interfaces();
  const { controller } = rig([unsure(openings), addresses]);
  const address = (alias: string) =>
    row('Device.IP.Interface.2.IPv4Address.', must('Alias', alias), must('IPAddress', '192.0.2.1'));
  const error = errorOf(
    await controller.ask(add(false, address('x'), row(mappings, must('Alias', 'a'), must('ExternalPort', '60001')))),
  );
  assert.equal(error.errCode, 7803);
  assert.deepEqual(addresses.instances('Device.IP.Interface.2.IPv4Address.', me), []);

  const clash = errorOf(
    await controller.ask(add(false, row(mappings, must('Alias', 'a')), address('x'), address('x'))),
  );
  assert.equal(clash.errCode, 7025);
  assert.equal(openings.applied.length, 1, 'the openings were not asked a second time');

  const done = await controller.ask(add(false, address('x'), row(mappings, must('Alias', 'a')), address('y')));
  assert.deepEqual(
    outcomes(done).map((status) => status?.case === 'operSuccess' && tableOf(status.value.instantiatedPath)),
    ['Device.IP.Interface.2.IPv4Address.', mappings, 'Device.IP.Interface.2.IPv4Address.'],
    'answers are in the order of the request',
  );
});

const tableOf = (path: string): string => path.replace(/\d+\.$/, '');

test('two models that cannot say are never changed together', async () => {
  const openings = new Openings();
  const addresses = interfaces();
  const sealed = unsure(openings);
  const other = { ...unsure(openings), types: addresses.types, apply: addresses.apply.bind(addresses) };
  const { controller } = rig([
    sealed,
    {
      ...other,
      instances: (table, caller) => addresses.instances(table, caller),
      read: (object, caller) => addresses.read(object, caller),
      observe: () => () => {},
    },
  ]);
  const error = errorOf(
    await controller.ask(
      add(false, row(mappings, must('Alias', 'a')), row('Device.IP.Interface.1.IPv4Address.', must('Alias', 'x'))),
    ),
  );
  assert.equal(error.errCode, 7005);
  assert.deepEqual(openings.instances(mappings, me), []);
});

test('values are checked and put in one form: booleans, lists, references by key (R-ARC.11, R-ARC.12)', async () => {
  const model = new Openings();
  const { controller } = rig([model, interfaces()]);
  const wanted = [
    must('Enable', '1'),
    must('ExternalPort', '+020000'),
    must('Tags', 'a , b,c'),
    must('Interface', 'Device.IP.Interface.[Name=="eth0"].'),
  ];
  await controller.ask(add(false, row(mappings, ...wanted)));
  const made = model.read(`${mappings}1.`, me);
  assert.deepEqual(
    ['Enable', 'ExternalPort', 'Tags', 'Interface'].map((name) => made?.get(name)),
    ['true', '20000', 'a,b,c', 'Device.IP.Interface.1'],
  );
  const error = errorOf(await controller.ask(add(false, row(mappings, must('Interface', 'Device.IP.Interface.9')))));
  assert.deepEqual(
    error.paramErrs.map(({ errCode }) => errCode),
    [7012],
  );
});

test('one parameter given two values is refused; given the same twice it is not', async () => {
  const { controller } = rig([new Openings()]);
  const twice = errorOf(await controller.ask(add(false, row(mappings, must('Alias', 'a'), must('Alias', 'b')))));
  assert.deepEqual(
    twice.paramErrs.map(({ errCode }) => errCode),
    [7014],
  );
  assert.equal(
    outcomes(await controller.ask(add(false, row(mappings, must('Alias', 'a'), must('Alias', 'a')))))[0]?.case,
    'operSuccess',
  );
});

test('a row can be added with a parameter of an object in it', async () => {
  const model = new Openings();
  const { controller } = rig([model]);
  await controller.ask(add(false, row(mappings, must('Alias', 'a'), must('Stats.Note', 'hello'))));
  assert.equal(model.read(`${mappings}1.Stats.`, me)?.get('Note'), 'hello');
});

test("a row is its controller's own: another neither sees it nor is told of it", async () => {
  const { controller, attach } = rig([new Openings()]);
  const other = attach(otherId);
  await controller.ask(add(false, row(mappings, must('Alias', 'a'))));
  const seen = await other.ask({ case: 'getInstances', value: { objPaths: [mappings] } });
  assert.deepEqual(responseOf(seen, 'getInstancesResp').reqPathResults[0]?.currInsts, []);
  const got = await other.ask({ case: 'get', value: { paramPaths: [`${mappings}1.`, `${mappings}[Alias=="a"].`] } });
  assert.deepEqual(
    responseOf(got, 'getResp').reqPathResults.map(({ errCode, resolvedPathResults }) => [
      errCode,
      resolvedPathResults.length,
    ]),
    [
      [7026, 0],
      [0, 0],
    ],
  );
});
