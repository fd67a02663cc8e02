import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import { type Assignment, assignPorts, type PortsByTransport, type PortWish } from './assign.ts';
import { GlobalPorts } from './global-ports.ts';

function smallRange(last = 20009): PortsByTransport {
  const make = () => new GlobalPorts({ first: 20000, last }, new VirtualClock(), Math.random);
  return { tcp: make(), udp: make(), sctp: make() };
}

const wish = (asked?: number, group?: [string, 0 | 1], transport: 'tcp' | 'udp' = 'udp'): PortWish => ({
  transport,
  asked,
  group: group && { name: group[0], offset: group[1] },
});

function granted(assignment: Assignment): readonly number[] {
  assert.ok(assignment.ok, JSON.stringify(assignment));
  return assignment.ports;
}

test('asked for and free, and left out', () => {
  const [first, second, third] = granted(
    assignPorts([wish(), wish(20004), wish(20004, undefined, 'tcp')], smallRange()),
  );
  assert.notEqual(first, 20004);
  assert.deepEqual([second, third], [20004, 20004]);
});

test('pairs are an even port and the next, however they are asked for', () => {
  const cases: [PortWish[], (ports: readonly number[]) => boolean][] = [
    [[wish(undefined, ['g', 0]), wish(undefined, ['g', 1])], ([a, b]) => a !== undefined && a % 2 === 0 && b === a + 1],
    [[wish(undefined, ['g', 1]), wish(undefined, ['g', 0])], ([a, b]) => a !== undefined && a % 2 === 1 && b === a - 1],
    [[wish(20004, ['g', 0]), wish(20005, ['g', 1])], (ports) => ports.join() === '20004,20005'],
    [[wish(20004, ['g', 0]), wish(undefined, ['g', 1])], (ports) => ports.join() === '20004,20005'],
    [[wish(undefined, ['g', 0]), wish(20005, ['g', 1])], (ports) => ports.join() === '20004,20005'],
    [[wish(undefined, ['g', 0]), wish(undefined, ['h', 0])], ([a, b]) => a !== b && ((a ?? 1) | (b ?? 1)) % 2 === 0],
    [[wish(undefined, ['g', 1])], ([a]) => a !== undefined && a % 2 === 1],
  ];
  for (const [wishes, holds] of cases) {
    const ports = granted(assignPorts(wishes, smallRange()));
    assert.ok(holds(ports), `${JSON.stringify(wishes)} got ${ports}`);
  }
});

test('what cannot be given is refused, and nothing stays held', () => {
  const taken = smallRange();
  taken.udp.hold(20005);
  const full = smallRange(20001);
  full.udp.hold(20000);
  const cases: [PortsByTransport, PortWish[], string, number][] = [
    [smallRange(), [wish(), wish(0)], 'port-invalid', 1],
    [smallRange(), [wish(), wish(65536)], 'port-invalid', 1],
    [smallRange(), [wish(19999)], 'port-denied', 0],
    [smallRange(), [wish(20010)], 'port-denied', 0],
    [smallRange(), [wish(20003, ['g', 0])], 'port-invalid', 0],
    [smallRange(), [wish(20002, ['g', 0]), wish(20005, ['g', 1])], 'port-invalid', 1],
    [smallRange(), [wish(20002, ['g', 0]), wish(20002, ['g', 0])], 'port-invalid', 1],
    [taken, [wish(20004, ['g', 0]), wish(undefined, ['g', 1])], 'port-in-use', 1],
    [full, [wish(undefined, ['g', 0])], 'ports-exhausted', 0],
    [full, [wish(), wish()], 'ports-exhausted', 1],
  ];
  for (const [ports, wishes, code, index] of cases) {
    const before = ports.udp.free(99, false).toSorted();
    const outcome = assignPorts(wishes, ports);
    assert.ok(!outcome.ok, JSON.stringify(wishes));
    assert.deepEqual([outcome.refusal.code, outcome.index], [code, index], JSON.stringify(wishes));
    assert.deepEqual(ports.udp.free(99, false).toSorted(), before);
  }
});
