import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UspRequest } from '@sluice/wire/usp';
import type { Caller, ChangeResult, ModelChange } from '../index.ts';
import { interfaces, Openings, unsure } from './home-model.ts';
import { controllerId, errorOf, otherId, responseOf, rig } from './rig.ts';

const mappings = 'Device.NAT.PortMapping.';
const pinholes = 'Device.Firewall.Pinhole.';
const me = { endpointId: controllerId };

const remove = (allowPartial: boolean, ...objPaths: string[]): UspRequest => ({
  case: 'delete',
  value: { allowPartial, objPaths },
});

/** Keeps the row whose alias is "kept". */
class Stubborn extends Openings {
  override apply(changes: readonly ModelChange[], caller: Caller): ChangeResult {
    const index = changes.findIndex(
      (change) => change.kind === 'delete' && this.read(change.object, caller)?.get('Alias') === 'kept',
    );
    if (index >= 0) return { ok: false, failures: [{ index, code: 7024, message: 'it stays' }] };
    return super.apply(changes, caller);
  }
}

function world() {
  const model = new Stubborn();
  for (const [i, alias] of ['a', 'b', 'kept'].entries()) {
    model.add(mappings, { Alias: alias, ExternalPort: `${20001 + i}` }, me);
  }
  model.add(pinholes, { Alias: 'p' }, me);
  return { model, ...rig([unsure(model), interfaces()]) };
}

const statuses = (msg: Parameters<typeof responseOf>[0]) =>
  responseOf(msg, 'deleteResp').deletedObjResults.map(({ operStatus }) => operStatus?.operStatus);

test('TP-469 1.24, 1.27, 1.33: rows of several tables are deleted in one transaction', async () => {
  const { controller, model } = world();
  const answer = await controller.ask(remove(false, `${mappings}[Alias=="a"].`, `${mappings}2.`, `${pinholes}1.`));
  assert.deepEqual(
    statuses(answer).map((status) => status?.case === 'operSuccess' && status.value.affectedPaths),
    [[`${mappings}1.`], [`${mappings}2.`], [`${pinholes}1.`]],
  );
  assert.deepEqual(
    model.applied.map((changes) => changes.length),
    [3],
  );
  assert.deepEqual(model.instances(mappings, me), [3]);
});

test('TP-469 1.25, 1.29, 1.32, 1.90: what is not there is deleted with success (R-DEL.2a)', async () => {
  const { controller } = world();
  for (const partial of [true, false]) {
    const answer = await controller.ask(remove(partial, `${mappings}9.`, `${mappings}[Alias=="none"].`));
    assert.deepEqual(
      statuses(answer).map((status) => status?.case === 'operSuccess' && status.value.affectedPaths),
      [[], []],
    );
  }
});

test('allow_partial false, one failure and all stay', async () => {
  const { controller, model } = world();
  const error = errorOf(await controller.ask(remove(false, `${mappings}1.`, `${mappings}[Alias=="kept"].`)));
  assert.equal(error.errCode, 7024);
  assert.deepEqual(
    error.paramErrs.map(({ paramPath }) => paramPath),
    [`${mappings}3.`],
  );
  assert.deepEqual(model.instances(mappings, me), [1, 2, 3]);
});

test('TP-469 1.30, 1.31, 1.34, 1.35: allow_partial true, what can be deleted is', async () => {
  const { controller, model } = world();
  const answer = await controller.ask(remove(true, `${mappings}*.`, 'Device.Nowhere.1.'));
  const [rows, nowhere] = statuses(answer);
  assert.ok(rows?.case === 'operSuccess' && nowhere?.case === 'operFailure');
  assert.deepEqual(rows.value.affectedPaths, [`${mappings}1.`, `${mappings}2.`]);
  assert.deepEqual(
    rows.value.unaffectedPathErrs.map(({ unaffectedPath, errCode }) => [unaffectedPath, errCode]),
    [[`${mappings}3.`, 7024]],
  );
  assert.equal(nowhere.value.errCode, 7026);
  assert.deepEqual(model.instances(mappings, me), [3]);
});

test('TP-469 1.26, 1.28: unknown objects, tables, single objects and read-only rows cannot be deleted', async () => {
  const { controller } = world();
  const code = async (path: string) => errorOf(await controller.ask(remove(false, path))).errCode;
  assert.equal(await code('Device.Nowhere.'), 7026);
  assert.equal(await code(mappings), 7018);
  assert.equal(await code('Device.NAT.'), 7018);
  assert.equal(await code('Device.IP.Interface.1.'), 7024);
  assert.equal(await code('Device.NAT.PortMapping.1'), 7008);
});

test('a row named twice is deleted once', async () => {
  const { controller, model } = world();
  await controller.ask(remove(false, `${mappings}1.`, `${mappings}[Alias=="a"].`));
  assert.deepEqual(
    model.applied.map((changes) => changes.length),
    [1],
  );
});

test('another controller deletes nothing, and is not told that there was something', async () => {
  const { attach, model } = world();
  const answer = await attach(otherId).ask(remove(false, `${mappings}1.`, `${mappings}*.`));
  assert.deepEqual(
    statuses(answer).map((status) => status?.case === 'operSuccess' && status.value.affectedPaths),
    [[], []],
  );
  assert.deepEqual(model.instances(mappings, me), [1, 2, 3]);
});
