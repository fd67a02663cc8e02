import type { Decoded } from './failure.ts';
import { parseSearch } from './parse-search.ts';
import { type Path, type PathFailure, type PathStep, pathLimits } from './path.ts';
import { readFollow, readName, readNumber, type Word } from './path-words.ts';

/** Parses a path: object, parameter, command or event, with instances, `*`, expressions and references followed. */
export function parsePath(text: string): Decoded<Path, PathFailure> {
  if (text.length > pathLimits.length) return fail(`longer than ${pathLimits.length}`, pathLimits.length);
  const steps: PathStep[] = [];
  let pos = 0;
  while (pos < text.length) {
    if (steps.length === pathLimits.steps) return fail(`more than ${pathLimits.steps} steps`, pos);
    const read = readStep(text, pos);
    if ('offset' in read) return { ok: false, failure: read };
    const { value: step, end } = read;
    const last = steps.at(-1);
    if (step.kind === 'follow' && !last) return fail('a path begins with a name', pos);
    if (step.kind !== 'name' && step.kind !== 'follow' && (last?.kind !== 'name' || steps.length < 2)) {
      return fail('an instance must follow the name of a table', pos);
    }
    if (text[end] !== '.') return leaf(text, steps, step, end);
    steps.push(step);
    pos = end + 1;
  }
  if (steps.length === 0) return fail('the path is empty', 0);
  return { ok: true, value: { text, steps, kind: 'object', name: '' } };
}

function leaf(text: string, steps: readonly PathStep[], step: PathStep, end: number): Decoded<Path, PathFailure> {
  if (step.kind === 'name' && steps.length > 0) {
    switch (text.slice(end)) {
      case '':
        return { ok: true, value: { text, steps, kind: 'parameter', name: step.name } };
      case '()':
        return { ok: true, value: { text, steps, kind: 'command', name: `${step.name}()` } };
      case '!':
        return { ok: true, value: { text, steps, kind: 'event', name: `${step.name}!` } };
    }
  }
  return fail('"." is missing', end);
}

function readStep(text: string, pos: number): Word<PathStep> | PathFailure {
  switch (text[pos]) {
    case '[': {
      const search = parseSearch(text, pos);
      return 'offset' in search ? search : { value: { kind: 'search', terms: search.value }, end: search.end };
    }
    case '*':
      return { value: { kind: 'all' }, end: pos + 1 };
    case '{':
      if (text.startsWith('{i}', pos)) return { value: { kind: 'template' }, end: pos + 3 };
      break;
  }
  const number = readNumber(text, pos);
  if (number) return { value: { kind: 'instance', number: number.value }, end: number.end };
  const name = readName(text, pos);
  if (!name) return { message: 'a name or an instance is missing', offset: pos };
  const follow = readFollow(text, name.end);
  if (!follow) return { value: { kind: 'name', name: name.value }, end: name.end };
  return { value: { kind: 'follow', name: name.value, item: follow.value }, end: follow.end };
}

function fail(message: string, offset: number): Decoded<Path, PathFailure> {
  return { ok: false, failure: { message, offset } };
}
