import { type Port, plainTransportOf, type Refusal, refuse } from '@sluice/model';
import type { CwmpFault } from '@sluice/wire/cwmp';
import { DeviceFault } from './asking.ts';
import { missingRefusal } from './missing.ts';
import type { OpeningTable, RuleTable } from './place.ts';
import type { PortTaken } from './ports.ts';
import { unable } from './read-back.ts';
import { culpritOf, refusalOfFault, subjectOf } from './refusals.ts';
import { neededRuleNames, ruleEnd, ruleValues } from './rules.ts';
import { type Left, rowValues, type Wanted } from './values.ts';
import type { Work } from './work.ts';

/** Attempts to fill the rows in, each without what the device did not take in the one before. */
const mostAttempts = 9;

/** Ports for all openings once more, without those that turned out to be taken. */
type ChooseAgain = (taken: PortTaken) => ReadonlyMap<string, Port> | Refusal;

/** The lease first: without it nobody else gets in. Without the rule the server's other ports do, without the source anyone. */
const guesses: readonly Left[] = [false, true].flatMap((source) =>
  [false, true].flatMap((rule) => [false, true].map((lease) => ({ source, rule, lease }))),
);

/** One attempt. */
interface Attempt {
  readonly wanted: readonly Wanted[];
  /** What is left out of the rows of a table. */
  readonly left: ReadonlyMap<OpeningTable, Left>;
  /** What is left out besides, of all rows, as {@link guesses} has it: a fault that told nothing may be about it. */
  readonly guess: number;
  /** Ports that the device did not give: "udp 16384". */
  readonly refusedPorts: ReadonlySet<string>;
}

/**
 * Fills rows in with one call (SetParameterValues holds altogether or not at all, TR-069 A.3.2.1). What the device does
 * not take is left out where every opening may lack it, and another port is tried where none was named. Resolves to the
 * rows as they were filled in, or why not; `left` where nobody waits any more.
 */
export async function fillRows(
  work: Work,
  asked: readonly Wanted[],
  choose: ChooseAgain,
  isOver: () => boolean,
): Promise<readonly Wanted[] | Refusal | 'left'> {
  const wanted = await withRulesThatFit(work, asked);
  if ('code' in wanted) return wanted;
  const missing = await missingRefusal(work, wanted);
  if (missing) return missing;
  const { model } = work.known;
  const { rules } = await work.place();
  const tables = [...new Set(wanted.map(({ table }) => table))];
  const ruled = wanted.find(({ rule }) => rule !== undefined)?.rule;
  const ruleParameters = ruled ? await work.tables.ruleParameters(ruled.path) : new Set<string>();
  let attempt: Attempt = {
    wanted,
    left: new Map(
      tables.map((table) => [
        table,
        { source: model?.of(table).source === 'no', lease: model?.of(table).lease === 'no', rule: false },
      ]),
    ),
    guess: 0,
    refusedPorts: new Set(),
  };
  for (let count = 1; ; count++) {
    if (isOver()) return 'left';
    const fault = await fill(work, attempt, ruleParameters);
    if (!fault) return attempt.wanted.map((each) => (isLeft('rule', each, attempt) ? withoutRule(each) : each));
    if (!('name' in fault)) return fault;
    const next = count < mostAttempts ? withoutCulprit(fault, attempt, choose, rules) : refusalOf(fault, wanted);
    if ('code' in next) return next;
    attempt = next;
  }
}

/** The same without rules whose table lacks what they need. */
async function withRulesThatFit(work: Work, wanted: readonly Wanted[]): Promise<readonly Wanted[] | Refusal> {
  const ruled = wanted.find(({ rule }) => rule !== undefined)?.rule;
  if (!ruled) return wanted;
  const parameters = await work.tables.ruleParameters(ruled.path);
  if (neededRuleNames.every((name) => parameters.has(name))) return wanted;
  if (work.known.model) work.known.model.rules.narrow = 'no';
  const strict = wanted.find(({ rule, lease }) => rule && !lease.opening.mayLack?.includes('remotePort'));
  return strict ? unable('port', strict.lease.opening) : wanted.map(withoutRule);
}

/** One attempt; resolves to what was wrong with it. */
async function fill(
  work: Work,
  attempt: Attempt,
  ruleParameters: ReadonlySet<string>,
): Promise<CwmpFault | Refusal | undefined> {
  const now = work.clock.now();
  const rows = attempt.wanted.flatMap((each) =>
    rowValues(each, { source: isLeft('source', each, attempt), lease: isLeft('lease', each, attempt) }),
  );
  const rules = attempt.wanted.flatMap((each) => {
    const { rule, lease } = each;
    if (!rule || isLeft('rule', each, attempt)) return [];
    const seconds = isLeft('lease', each, attempt) ? undefined : lease.seconds;
    const end = ruleEnd(now, seconds, work.device.contact);
    return ruleValues(rule.path, lease.opening, rule.narrows, { known: ruleParameters, end });
  });
  const values = [...rules, ...rows];
  try {
    if ((await work.set(values)) === 0) return undefined;
    return refuse('gateway-refused', 'the gateway puts a port mapping into effect only when it starts anew');
  } catch (error) {
    if (error instanceof DeviceFault) return error.fault;
    throw error;
  }
}

/** Whether one row goes without something in an attempt. */
function isLeft(what: keyof Left, { table }: Wanted, { left, guess }: Attempt): boolean {
  return left.get(table)?.[what] === true || guesses[guess]?.[what] === true;
}

function withoutRule({ rule: _, ...wanted }: Wanted): Wanted {
  return wanted;
}

/** The next attempt, without what this fault is about; or why there is none. */
function withoutCulprit(
  fault: CwmpFault,
  attempt: Attempt,
  choose: ChooseAgain,
  rules: RuleTable | undefined,
): Attempt | Refusal {
  const culprit = culpritOf(fault, rules?.path);
  if (culprit === 'port') return withOtherPorts(fault, attempt, choose);
  if (culprit === 'other') return refusalOf(fault, attempt.wanted);
  if (culprit === 'untold') return withAnotherGuess(attempt) ?? refusalOf(fault, attempt.wanted);
  const next = without(culprit, fault, attempt);
  if (next) return next;
  return refuse('cannot-hold', untaken[culprit], refusalOf(fault, attempt.wanted).subject);
}

const untaken = {
  lease: 'the gateway takes no lease for a port mapping (lease)',
  source: 'the gateway takes no remote address for a port mapping (remoteAddress)',
  rule: 'the gateway takes no rule that holds a port mapping to a port of its remote end (remotePort)',
} as const;

function withAnotherGuess(attempt: Attempt): Attempt | undefined {
  const { wanted, left, guess } = attempt;
  const helps = (what: keyof Left) =>
    [...left.values()].some((each) => !each[what]) && (what !== 'rule' || wanted.some(({ rule }) => rule));
  const mayLack = (what: keyof Left) => wanted.every(({ lease }) => lease.opening.mayLack?.includes(promiseOf[what]));
  const another = guesses.findIndex(
    (each, index) =>
      index > guess &&
      (['source', 'rule', 'lease'] as const).every((what) => !each[what] || (helps(what) && mayLack(what))),
  );
  return another < 0 ? undefined : { ...attempt, guess: another };
}

const promiseOf = { source: 'remoteAddress', rule: 'remotePort', lease: 'lease' } as const;

function without(what: keyof Left, { parameters }: CwmpFault, attempt: Attempt): Attempt | undefined {
  const isMeant = (table: OpeningTable) =>
    what === 'rule'
      ? attempt.wanted.some((each) => each.rule && each.table === table)
      : parameters.length === 0 || parameters.some(({ name }) => name.startsWith(table.path));
  const meant = [...attempt.left].filter(([table, left]) => isMeant(table) && !left[what]);
  const mayLack = attempt.wanted
    .filter(({ table }) => meant.some(([each]) => each === table))
    .every(({ lease }) => lease.opening.mayLack?.includes(promiseOf[what]));
  if (meant.length === 0 || !mayLack) return undefined;
  const less = meant.map(([table, left]) => [table, { ...left, [what]: true }] as const);
  return { ...attempt, left: new Map([...attempt.left, ...less]) };
}

function withOtherPorts(fault: CwmpFault, attempt: Attempt, choose: ChooseAgain): Attempt | Refusal {
  const { wanted } = attempt;
  const { subject } = refusalOf(fault, wanted);
  const refused = wanted.filter(({ lease }) => subject === undefined || lease.opening.id === subject);
  const named = refused.find(({ lease }) => lease.opening.globalPort !== undefined);
  if (named) {
    const message = `the gateway does not give the global port ${named.globalPort}`;
    return refuse('port-in-use', message, named.lease.opening.id);
  }
  const keys = refused.map(({ lease, globalPort }) => `${plainTransportOf(lease.opening.streamType)} ${globalPort}`);
  const refusedPorts = new Set([...attempt.refusedPorts, ...keys]);
  const chosen = choose((transport, port) => refusedPorts.has(`${transport} ${port}`));
  if ('code' in chosen) return chosen;
  const moved = wanted.map((each) => ({ ...each, globalPort: chosen.get(each.lease.opening.id) ?? each.globalPort }));
  return { ...attempt, wanted: moved, refusedPorts };
}

function refusalOf(fault: CwmpFault, wanted: readonly Wanted[]): Refusal {
  const rows = wanted.flatMap(({ path, rule, lease }) =>
    [path, ...(rule ? [rule.path] : [])].map((each) => ({ path: each, id: lease.opening.id })),
  );
  return refusalOfFault(fault, subjectOf(fault, rows));
}
