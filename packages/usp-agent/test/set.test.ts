import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParamSetting, UspRequest } from '@sluice/wire/usp';
import { interfaces, Openings, unsure } from './home-model.ts';
import { controllerId, errorOf, responseOf, rig } from './rig.ts';

const mappings = 'Device.NAT.PortMapping.';
const me = { endpointId: controllerId };

type Setting = Omit<ParamSetting, '$typeName' | '$unknown'>;
const must = (param: string, value: string): Setting => ({ param, value, required: true });
const may = (param: string, value: string): Setting => ({ param, value, required: false });

function set(allowPartial: boolean, ...updateObjs: [objPath: string, ...settings: Setting[]][]): UspRequest {
  const value = {
    allowPartial,
    updateObjs: updateObjs.map(([objPath, ...paramSettings]) => ({ objPath, paramSettings })),
  };
  return { case: 'set', value };
}

/** An agent with mappings a, b and c. */
function world() {
  const model = new Openings();
  for (const [i, alias] of ['a', 'b', 'c'].entries()) {
    model.add(mappings, { Alias: alias, ExternalPort: `${20001 + i}` }, me);
  }
  return { model, ...rig([unsure(model), interfaces()]) };
}

const statuses = (msg: Parameters<typeof responseOf>[0]) =>
  responseOf(msg, 'setResp').updatedObjResults.map(({ operStatus }) => operStatus?.operStatus);

test('TP-469 1.11, 1.18: a row named by its key is changed, and what was set is told, changed or not', async () => {
  const { controller, model } = world();
  const answer = await controller.ask(
    set(false, [`${mappings}[Alias=="b"].`, must('LeaseDuration', '300'), must('RemoteHost', '')]),
  );
  const [status] = statuses(answer);
  assert.ok(status?.case === 'operSuccess');
  const [result] = status.value.updatedInstResults;
  assert.equal(result?.affectedPath, `${mappings}2.`);
  assert.deepEqual(result?.updatedParams, { LeaseDuration: '300', RemoteHost: '' });
  assert.equal(model.read(`${mappings}2.`, me)?.get('LeaseDuration'), '300');
});

test('TP-469 1.13: a Set over several rows by key is one transaction of the model', async () => {
  const { controller, model } = world();
  const renew = (alias: string): [string, Setting] => [`${mappings}[Alias=="${alias}"].`, must('LeaseDuration', '60')];
  await controller.ask(set(false, renew('a'), renew('b'), renew('c')));
  assert.deepEqual(
    model.applied.map((changes) => changes.length),
    [3],
  );
});

test('TP-469 1.14, 1.15: allow_partial false, one failure and nothing is changed', async () => {
  const { controller, model } = world();
  const error = errorOf(
    await controller.ask(
      set(false, [`${mappings}1.`, must('LeaseDuration', '5')], [`${mappings}2.`, must('Status', 'Enabled')]),
    ),
  );
  assert.equal(error.errCode, 7021);
  assert.deepEqual(
    error.paramErrs.map(({ paramPath, errCode }) => [paramPath, errCode]),
    [[`${mappings}2.Status`, 7013]],
  );
  assert.equal(model.read(`${mappings}1.`, me)?.get('LeaseDuration'), '0');
  const missing = errorOf(
    await controller.ask(
      set(false, [`${mappings}1.`, must('LeaseDuration', '5')], [`${mappings}9.`, must('LeaseDuration', '5')]),
    ),
  );
  assert.equal(missing.errCode, 7016);
  assert.equal(model.read(`${mappings}1.`, me)?.get('LeaseDuration'), '0');
});

test('TP-469 1.12, 1.16: allow_partial true, each path by itself', async () => {
  const { controller, model } = world();
  const answer = await controller.ask(
    set(
      true,
      [`${mappings}1.`, must('LeaseDuration', '5')],
      [`${mappings}2.`, must('LeaseDuration', 'x')],
      [`${mappings}9.`, must('LeaseDuration', '5')],
    ),
  );
  const [good, bad, missing] = statuses(answer);
  assert.equal(good?.case, 'operSuccess');
  assert.ok(bad?.case === 'operFailure' && missing?.case === 'operFailure');
  assert.equal(bad.value.errCode, 7021);
  assert.deepEqual(
    bad.value.updatedInstFailures.map(({ affectedPath, paramErrs }) => [affectedPath, paramErrs[0]?.errCode]),
    [[`${mappings}2.`, 7011]],
  );
  assert.equal(missing.value.errCode, 7016);
  assert.equal(model.read(`${mappings}1.`, me)?.get('LeaseDuration'), '5');
});

test('TP-469 1.17: what is not required may fail, and is told', async () => {
  const { controller } = world();
  for (const partial of [true, false]) {
    const answer = await controller.ask(
      set(partial, [`${mappings}1.`, must('LeaseDuration', '5'), may('Enable', 'perhaps'), may('Nonsense', '')]),
    );
    const [status] = statuses(answer);
    assert.ok(status?.case === 'operSuccess');
    const [result] = status.value.updatedInstResults;
    assert.deepEqual(
      result?.paramErrs.map(({ param, errCode }) => [param, errCode]),
      [
        ['Enable', 7011],
        ['Nonsense', 7010],
      ],
    );
    assert.deepEqual(result?.updatedParams, { LeaseDuration: '5' });
  }
});

test('TP-469 1.20, 1.21: over a search path one row that fails undoes the others, also with allow_partial true (R-SET.2a)', async () => {
  const { controller, model } = world();
  const answer = await controller.ask(set(true, [`${mappings}*.`, must('ExternalPort', '20002')]));
  const [status] = statuses(answer);
  assert.ok(status?.case === 'operFailure');
  assert.equal(status.value.errCode, 7025);
  assert.ok(status.value.updatedInstFailures.length > 0);
  const whole = errorOf(await controller.ask(set(false, [`${mappings}*.`, must('Nonsense', '1')])));
  assert.ok(whole.paramErrs.some(({ paramPath }) => paramPath === `${mappings}3.Nonsense`));
  assert.deepEqual(
    [1, 2, 3].map((n) => model.read(`${mappings}${n}.`, me)?.get('ExternalPort')),
    ['20001', '20002', '20003'],
  );
});

test('TP-469 1.19, 1.22: over a search path all that match are changed', async () => {
  const { controller } = world();
  const changed = async (path: string) => {
    const [status] = statuses(await controller.ask(set(false, [path, must('Enable', 'true')])));
    assert.ok(status?.case === 'operSuccess');
    return status.value.updatedInstResults.map(({ affectedPath }) => affectedPath);
  };
  assert.deepEqual(await changed(`${mappings}[ExternalPort>20001].`), [`${mappings}2.`, `${mappings}3.`]);
  assert.deepEqual(await changed(`${mappings}*.`), [`${mappings}1.`, `${mappings}2.`, `${mappings}3.`]);
});

test('keys need only be unique when all is done', async () => {
  const { controller, model } = world();
  await controller.ask(
    set(false, [`${mappings}1.`, must('ExternalPort', '20002')], [`${mappings}2.`, must('ExternalPort', '20001')]),
  );
  assert.deepEqual(
    [1, 2].map((n) => model.read(`${mappings}${n}.`, me)?.get('ExternalPort')),
    ['20002', '20001'],
  );
});

test('TP-469 1.23: a search that matches nothing is a success, and empty (R-MSG.4a)', async () => {
  const { controller } = world();
  const [status] = statuses(
    await controller.ask(set(false, [`${mappings}[Alias=="none"].`, must('LeaseDuration', '5')])),
  );
  assert.ok(status?.case === 'operSuccess');
  assert.deepEqual(status.value.updatedInstResults, []);
});

test('TP-469 1.96, 1.104: an Alias never changes after it was given (R-KEY.1)', async () => {
  const { controller } = world();
  const error = errorOf(await controller.ask(set(false, [`${mappings}1.`, must('Alias', 'z')])));
  assert.deepEqual(
    error.paramErrs.map(({ errCode }) => errCode),
    [7013],
  );
});

test('a table, a member and an unknown object cannot be set', async () => {
  const { controller } = world();
  const code = async (path: string) =>
    errorOf(await controller.ask(set(false, [path, must('Enable', 'true')]))).errCode;
  assert.equal(await code(mappings), 7004);
  assert.equal(await code(`${mappings}1.Enable`), 7004);
  assert.equal(await code('Device.Nowhere.'), 7026);
});

test('parameters of single objects in a row are set through it, and by their own path', async () => {
  const { controller, model } = world();
  const through = await controller.ask(
    set(false, [`${mappings}1.`, must('Stats.Note', 'x'), may('Stats.Packets', '1')]),
  );
  const [status] = statuses(through);
  assert.ok(status?.case === 'operSuccess');
  assert.deepEqual(status.value.updatedInstResults[0]?.updatedParams, { 'Stats.Note': 'x' });
  await controller.ask(set(false, [`${mappings}2.Stats.`, must('Note', 'y')]));
  assert.deepEqual(
    [1, 2].map((n) => model.read(`${mappings}${n}.Stats.`, me)?.get('Note')),
    ['x', 'y'],
  );
});
