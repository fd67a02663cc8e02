import { type Comparison, type Operator, type PathFailure, pathLimits, type ReferenceItem } from './path.ts';
import { match, readFollow, readName, type Word } from './path-words.ts';

const operatorPattern = / *(==|!=|~=|<=|>=|<|>) */y;
const quotedPattern = /"([^"]*)"/y;
/** Numbers, true and false, and moments. */
const barePattern = /[A-Za-z0-9.:+-]+/y;
const andPattern = / *&& */y;

/** Parses a search expression, from its "[" at `pos` to past its "]" (TR-369 "Searching with Expressions"). */
export function parseSearch(text: string, pos: number): Word<Comparison[]> | PathFailure {
  const terms: Comparison[] = [];
  let at = pos + 1;
  for (;;) {
    if (terms.length === pathLimits.terms) return { message: `more than ${pathLimits.terms} terms`, offset: at };
    const term = readComparison(text, skipSpaces(text, at));
    if ('offset' in term) return term;
    terms.push(term.value);
    at = term.end;
    const and = match(andPattern, text, at);
    if (and) {
      at += and[0].length;
      continue;
    }
    at = skipSpaces(text, at);
    return text[at] === ']' ? { value: terms, end: at + 1 } : { message: '"&&" or "]" is missing', offset: at };
  }
}

function readComparison(text: string, pos: number): Word<Comparison> | PathFailure {
  const operand = readOperand(text, pos);
  if ('offset' in operand) return operand;
  const operator = match(operatorPattern, text, operand.end);
  if (!operator) return { message: 'an operator is missing', offset: operand.end };
  const at = operand.end + operator[0].length;
  const made = { operand: operand.value, operator: operator[1] as Operator };
  const quoted = match(quotedPattern, text, at);
  if (quoted) {
    const value = unquote(quoted[1] ?? '');
    return { value: { ...made, value, quoted: true }, end: at + quoted[0].length };
  }
  const bare = match(barePattern, text, at);
  if (!bare) return { message: 'a value is missing', offset: at };
  return { value: { ...made, value: bare[0], quoted: false }, end: at + bare[0].length };
}

function readOperand(text: string, pos: number): Word<Comparison['operand']> | PathFailure {
  const names: { name: string; follow?: ReferenceItem }[] = [];
  let at = pos;
  for (;;) {
    if (names.length === pathLimits.operandNames) {
      return { message: `more than ${pathLimits.operandNames} names in a term`, offset: at };
    }
    const name = readName(text, at);
    if (!name) return { message: 'a parameter name is missing', offset: at };
    const follow = readFollow(text, name.end);
    names.push(follow ? { name: name.value, follow: follow.value } : { name: name.value });
    at = follow?.end ?? name.end;
    if (text[at] !== '.') {
      return follow ? { message: '"." is missing after "+"', offset: at } : { value: names, end: at };
    }
    at++;
  }
}

/** TR-369: a quote is written %22 and a percent sign %25; nothing else is escaped. */
function unquote(text: string): string {
  return text.includes('%') ? text.replaceAll('%22', '"').replaceAll('%25', '%') : text;
}

function skipSpaces(text: string, pos: number): number {
  let at = pos;
  while (text[at] === ' ') at++;
  return at;
}
