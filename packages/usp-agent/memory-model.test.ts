import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryModel, type ModelEvent, type ObjectType } from './index.ts';

const alias = { name: 'Alias', type: 'string', access: 'writeOnce' } as const;
const types: readonly ObjectType[] = [
  { path: 'Device.A.{i}.', access: 'addDelete', uniqueKeys: [['Alias']], parameters: [alias] },
  { path: 'Device.A.{i}.S.', access: 'readOnly', uniqueKeys: [], parameters: [] },
  { path: 'Device.A.{i}.B.{i}.', access: 'addDelete', uniqueKeys: [['Alias']], parameters: [alias] },
  { path: 'Device.A.{i}.B.{i}.S.', access: 'readOnly', uniqueKeys: [], parameters: [] },
];
const me = { endpointId: 'self::a' };

function world() {
  const model = new MemoryModel(types, { owned: ['Device.A.'] });
  const events: string[] = [];
  model.observe((event: ModelEvent) => events.push(`${event.kind} ${event.object}`));
  const row = model.add('Device.A.', { Alias: 'x' }, me);
  model.add(`${row}B.`, {}, me);
  model.add(`${row}B.`, {}, me);
  return { model, events, row };
}

test('a row goes with all that is below it, and each row below is told of', () => {
  const { model, events, row } = world();
  events.length = 0;
  assert.ok(model.apply([{ kind: 'delete', object: row }], me).ok);
  assert.deepEqual(events.sort(), ['deleted Device.A.1.', 'deleted Device.A.1.B.1.', 'deleted Device.A.1.B.2.']);
  for (const path of [row, `${row}S.`, `${row}B.1.`, `${row}B.1.S.`])
    assert.equal(model.read(path, me), undefined, path);
  assert.deepEqual(model.instances(`${row}B.`, me), []);
  assert.equal(model.find('Device.A.', new Map([['Alias', 'x']]), me), undefined);
});

test('a transaction that fails leaves everything as it was, numbers of rows apart', () => {
  const { model, events, row } = world();
  events.length = 0;
  const result = model.apply(
    [
      { kind: 'add', table: 'Device.A.', parameters: new Map([['Alias', 'y']]) },
      { kind: 'delete', object: row },
      { kind: 'set', object: 'Device.A.9.', parameters: new Map() },
    ],
    me,
  );
  assert.deepEqual(result.ok ? [] : result.failures.map(({ index, code }) => [index, code]), [[2, 7016]]);
  assert.deepEqual(events, []);
  assert.deepEqual(model.instances('Device.A.', me), [1]);
  assert.deepEqual(model.instances(`${row}B.`, me), [1, 2]);
  assert.equal(model.find('Device.A.', new Map([['Alias', 'x']]), me), 1);
  assert.equal(model.find('Device.A.', new Map([['Alias', 'y']]), me), undefined);
});

test('validate says what apply would, and changes nothing', () => {
  const { model, events } = world();
  events.length = 0;
  const again = [{ kind: 'add', table: 'Device.A.', parameters: new Map([['Alias', 'x']]) }] as const;
  const verdict = model.validate(again, me);
  assert.deepEqual(verdict.ok ? [] : verdict.failures.map(({ code, parameter }) => [code, parameter]), [
    [7025, 'Alias'],
  ]);
  assert.ok(model.validate([{ kind: 'add', table: 'Device.A.', parameters: new Map([['Alias', 'z']]) }], me).ok);
  assert.deepEqual([events, model.instances('Device.A.', me)], [[], [1]]);
});

test('rows of an owned table are unique among those of one owner, and seen by it alone', () => {
  const { model } = world();
  const other = { endpointId: 'self::b' };
  assert.ok(model.apply([{ kind: 'add', table: 'Device.A.', parameters: new Map([['Alias', 'x']]) }], other).ok);
  assert.deepEqual(model.instances('Device.A.', me), [1]);
  assert.deepEqual(model.instances('Device.A.', other), [2]);
  assert.equal(model.find('Device.A.', new Map([['Alias', 'x']]), other), 2);
  assert.equal(model.read('Device.A.1.', other), undefined);
});

test('an instance number is not given again', () => {
  const { model, row } = world();
  model.drop(row);
  assert.equal(model.add('Device.A.', {}, me), 'Device.A.2.');
});
