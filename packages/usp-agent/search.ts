import { type Comparison, canonical, compare, errorCode, type LexicalType, listItems } from '@sluice/wire/usp';
import { denied, type Refused, spend, type Turn } from './answer.ts';
import type { ParameterType } from './data-model.ts';
import { followReference } from './reference.ts';
import type { SchemaNode } from './schema.ts';

/** Why an expression cannot be asked of rows of that type, or not by this caller; undefined where it can. */
export function judgeTerms(terms: readonly Comparison[], node: SchemaNode, turn: Turn): Refused | undefined {
  for (const { operand, operator, value } of terms) {
    const parameter = operandType(node, operand);
    // Behind a reference the type is known only when it is followed.
    if (parameter === 'referred') continue;
    if (!parameter) {
      return {
        code: errorCode.unsupportedPath,
        message: `${node.path} has no ${operand.map((o) => o.name).join('.')}`,
      };
    }
    // To compare is to read.
    const name = operand.map((each) => each.name).join('.');
    if (!turn.rights.parameter(node, name, 'r')) return denied(`reading ${node.path}${name}`);
    const ordered = !['string', 'boolean', 'base64', 'hexBinary'].includes(parameter.type);
    if (operator === '~=' ? !parameter.list : !ordered && operator !== '==' && operator !== '!=') {
      return { code: errorCode.invalidPathSyntax, message: `${operator} does not apply to ${parameter.name}` };
    }
    if ((!parameter.list || operator === '~=') && canonical(parameter.type, value) === undefined) {
      return { code: errorCode.invalidPathSyntax, message: `${parameter.name} is ${parameter.type}` };
    }
  }
  return undefined;
}

function operandType(node: SchemaNode, operand: Comparison['operand']): ParameterType | 'referred' | undefined {
  let at: SchemaNode | undefined = node;
  for (const [i, { name, follow }] of operand.entries()) {
    if (i === operand.length - 1 || follow !== undefined) {
      const parameter = at?.parameters.get(name);
      return parameter && follow !== undefined ? 'referred' : parameter;
    }
    at = at?.children.get(name);
    if (at?.kind !== 'object') return undefined;
  }
  return undefined;
}

/** Whether a row fulfils every term. `row`: its own parameters, as read. */
export function holds(
  terms: readonly Comparison[],
  node: SchemaNode,
  path: string,
  row: ReadonlyMap<string, string>,
  turn: Turn,
): boolean {
  return terms.every((term) => {
    const [first] = term.operand;
    if (term.operand.length === 1 && first) {
      const parameter = node.parameters.get(first.name);
      const value = row.get(first.name);
      return parameter !== undefined && value !== undefined && fulfils(term, parameter, value);
    }
    return reach(term.operand, node, path, turn).some(({ parameter, value }) => fulfils(term, parameter, value));
  });
}

interface Reached {
  readonly parameter: ParameterType;
  readonly value: string;
}

/** Values at the end of an operand that goes through single objects and references. */
function reach(operand: Comparison['operand'], node: SchemaNode, path: string, turn: Turn): Reached[] {
  let places = [{ node, path }];
  for (const [i, { name, follow }] of operand.entries()) {
    if (i === operand.length - 1) {
      return places.flatMap((place) => {
        const parameter = place.node.parameters.get(name);
        spend(turn);
        if (!turn.rights.parameter(place.node, name, 'r')) return [];
        const value = parameter && place.node.model?.read(place.path, turn.caller)?.get(name);
        return parameter && value !== undefined ? [{ parameter, value }] : [];
      });
    }
    places = places.flatMap((place) => {
      if (follow !== undefined)
        return turn.rights.parameter(place.node, name, 'r') ? followReference(place, name, follow, turn) : [];
      const child = place.node.children.get(name);
      return child?.kind === 'object' ? [{ node: child, path: `${place.path}${name}.` }] : [];
    });
  }
  return [];
}

function fulfils(term: Comparison, parameter: ParameterType, value: string): boolean {
  const wanted = parameter.list && term.operator !== '~=' ? term.value : canonical(parameter.type, term.value);
  if (wanted === undefined) return false;
  if (term.operator === '~=') return listItems(value).includes(wanted);
  const type: LexicalType = parameter.list ? 'string' : parameter.type;
  const order = compare(type, value, wanted);
  switch (term.operator) {
    case '==':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order < 0;
    case '>':
      return order > 0;
    case '<=':
      return order <= 0;
    case '>=':
      return order >= 0;
  }
}
