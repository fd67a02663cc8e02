import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keyed, type Path, parsePath, pathLimits, quote, supportedPath } from './index.ts';

function parsed(text: string): Path {
  const result = parsePath(text);
  assert.ok(result.ok, `${text}: ${result.ok ? '' : result.failure.message}`);
  return result.value;
}

/** A path written back from its parts. */
function written({ steps, kind, name }: Path): string {
  const parts = steps.map((step) => {
    switch (step.kind) {
      case 'name':
        return step.name;
      case 'instance':
        return String(step.number);
      case 'all':
        return '*';
      case 'template':
        return '{i}';
      case 'follow':
        return `${step.name}${step.item === 1 ? '+' : `#${step.item === 'all' ? '*' : step.item}+`}`;
      case 'search': {
        const terms = step.terms.map(({ operand, operator, value, quoted }) => {
          const path = operand.map(({ name: each, follow }) => (follow === undefined ? each : `${each}+`)).join('.');
          return `${path}${operator}${quoted ? quote(value) : value}`;
        });
        return `[${terms.join('&&')}]`;
      }
    }
    return '';
  });
  return `${parts.map((part) => `${part}.`).join('')}${kind === 'object' ? '' : name}`;
}

test('every kind of path is taken apart and put together again', () => {
  const paths: [text: string, kind: Path['kind'], name: string][] = [
    ['Device.', 'object', ''],
    ['Device.NAT.PortMapping.', 'object', ''],
    ['Device.NAT.PortMapping.{i}.Status', 'parameter', 'Status'],
    ['Device.NAT.PortMapping.42.Status', 'parameter', 'Status'],
    ['Device.NAT.PortMapping.*.', 'object', ''],
    ['Device.NAT.X_SLUICE_FreePorts()', 'command', 'X_SLUICE_FreePorts()'],
    ['Device.Boot!', 'event', 'Boot!'],
    ['Device.NAT.PortMapping.[RemoteHost==""&&ExternalPort==443&&Protocol=="TCP"].', 'object', ''],
    ['Device.NAT.PortMapping.[Enable==true].Alias', 'parameter', 'Alias'],
    ['Device.A.[B~="x"].', 'object', ''],
    ['Device.A.[T>=2026-01-31T10:00:00Z].', 'object', ''],
    ['Device.A.[N<-5].', 'object', ''],
    ['Device.A.[Interface+.Name!="a.b"].', 'object', ''],
    ['Device.A.[Stats.Bytes<=0].', 'object', ''],
    ['Device.A.[Alias=="say %22hi%22, 100%25"].', 'object', ''],
    ['Device.NAT.PortMapping.1.Interface+.Name', 'parameter', 'Name'],
    ['Device.A.1.List#2+.B.', 'object', ''],
    ['Device.A.1.List#*+.Check()', 'command', 'Check()'],
  ];
  for (const [text, kind, name] of paths) {
    const path = parsed(text);
    assert.deepEqual([path.kind, path.name, written(path)], [kind, name, text], text);
  }
});

test('spaces around operators are taken, and meant as part of a quoted value', () => {
  const [, , step] = parsed('Device.A.[ B == " x " && C >= 1 ].').steps;
  assert.ok(step?.kind === 'search');
  assert.deepEqual(
    step.terms.map(({ operator, value, quoted }) => [operator, value, quoted]),
    [
      ['==', ' x ', true],
      ['>=', '1', false],
    ],
  );
});

test('what is no path is refused where it goes wrong', () => {
  const bad: [text: string, offset: number][] = [
    ['', 0],
    ['Device', 6],
    ['.', 0],
    ['Device..', 7],
    ['Device.1.', 7],
    ['Device.*', 7],
    ['*.', 0],
    ['Device.A.1', 10],
    ['Device.A.0.', 9],
    ['Device.A.4294967296.', 9],
    ['Device.A.1.2.', 11],
    ['Device.A.*.*.', 11],
    ['Device.A.1.B+', 13],
    ['Device.B()x', 8],
    ['Device.B().', 8],
    ['Device.B!.', 8],
    ['Device.A.[', 10],
    ['Device.A.[B', 11],
    ['Device.A.[B==', 13],
    ['Device.A.[B=="x]', 13],
    ['Device.A.[B=="x"', 16],
    ['Device.A.[B=="x"||C==1].', 16],
    ['Device.A.[B=1].', 11],
    ['Device.A.[B+==1].', 12],
    ['Device.A.[B==1]', 15],
    ['Device.A.[].', 10],
    ['Device.Ä.', 7],
    ['Device.A B.', 8],
    ['Device.A\n', 8],
    ['+.', 0],
    ['A+.B.', 0],
  ];
  for (const [text, offset] of bad) {
    const result = parsePath(text);
    assert.ok(!result.ok, text);
    assert.equal(result.failure.offset, offset, `${text}: ${result.failure.message}`);
  }
});

test('length, depth and terms are bounded', () => {
  const name = 'A.'.repeat(pathLimits.steps - 1);
  assert.ok(parsePath(`D.${name}`).ok);
  assert.ok(!parsePath(`D.${name}A.`).ok);
  const terms = (count: number) => `Device.A.[${Array(count).fill('B==1').join('&&')}].`;
  assert.ok(parsePath(terms(pathLimits.terms)).ok);
  assert.ok(!parsePath(terms(pathLimits.terms + 1)).ok);
  const operand = (count: number) => `Device.A.[${Array(count).fill('B').join('.')}==1].`;
  assert.ok(parsePath(operand(pathLimits.operandNames)).ok);
  assert.ok(!parsePath(operand(pathLimits.operandNames + 1)).ok);
  assert.ok(!parsePath('x'.repeat(pathLimits.length + 1)).ok);
});

test('a key addressed by its values is read back as they were, whatever they hold', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (value) => {
      const path = parsed(keyed('Device.NAT.PortMapping.', { Alias: value, RemoteHost: '' }));
      const step = path.steps.at(-1);
      assert.ok(step?.kind === 'search');
      assert.deepEqual(
        step.terms.map((term) => term.value),
        [value, ''],
      );
    }),
  );
});

test('escapes in a literal are taken back once', () => {
  const [, , step] = parsed('Device.A.[B=="%2522 %25 %22 %41"].').steps;
  assert.ok(step?.kind === 'search');
  assert.equal(step.terms[0]?.value, '%22 % " %41');
});

test('whatever text comes, parsing answers and never throws', () => {
  const pieces = fc.constantFrom(
    'Device',
    '.',
    '*',
    '[',
    ']',
    '==',
    '&&',
    '"',
    '{i}',
    '1',
    '+',
    '#',
    '()',
    '!',
    'A',
    '%',
    ' ',
    '~=',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 20 }), (words) => {
      const text = words.join('');
      const result = parsePath(text);
      if (!result.ok) assert.ok(result.failure.offset >= 0 && result.failure.offset <= text.length);
      else assert.equal(result.value.text, text);
    }),
    { numRuns: 5000 },
  );
  fc.assert(
    fc.property(fc.string(), (text) => void parsePath(text)),
    { numRuns: 2000 },
  );
});

test('the path in the supported data model has {i} for every instance', () => {
  assert.equal(supportedPath(parsed('Device.A.1.B.*.C.[D==1].').steps), 'Device.A.{i}.B.{i}.C.{i}.');
  assert.equal(supportedPath(parsed('Device.A.1.B+.C.').steps), undefined);
});
