import { type Port, plainTransportOf, type Refusal, refuse } from '@sluice/model';
import type { CwmpFault } from '@sluice/wire/cwmp';
import { DeviceFault } from './asking.ts';
import { missingRefusal } from './missing.ts';
import type { OpeningTable } from './place.ts';
import type { PortTaken } from './ports.ts';
import { culpritOf, refusalOfFault, subjectOf } from './refusals.ts';
import { type Left, rowValues, type Wanted } from './values.ts';
import type { Work } from './work.ts';

/** Attempts to fill the rows in, each without what the device did not take in the one before. */
const mostAttempts = 6;

/** Ports for all openings once more, without those that turned out to be taken. */
type ChooseAgain = (taken: PortTaken) => ReadonlyMap<string, Port> | Refusal;

/** The lease first: without it nobody else gets in. */
const guesses: readonly Left[] = [
  { source: false, lease: false },
  { source: false, lease: true },
  { source: true, lease: false },
  { source: true, lease: true },
];

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
  wanted: readonly Wanted[],
  choose: ChooseAgain,
  isOver: () => boolean,
): Promise<readonly Wanted[] | Refusal | 'left'> {
  const missing = await missingRefusal(work, wanted);
  if (missing) return missing;
  const { model } = work.known;
  const tables = [...new Set(wanted.map(({ table }) => table))];
  let attempt: Attempt = {
    wanted,
    left: new Map(
      tables.map((table) => [
        table,
        { source: model?.of(table).source === 'no', lease: model?.of(table).lease === 'no' },
      ]),
    ),
    guess: 0,
    refusedPorts: new Set(),
  };
  for (let count = 1; ; count++) {
    if (isOver()) return 'left';
    const fault = await fill(work, attempt);
    if (!fault) return attempt.wanted;
    if (!('name' in fault)) return fault;
    const next = count < mostAttempts ? withoutCulprit(fault, attempt, choose) : refusalOf(fault, wanted);
    if ('code' in next) return next;
    attempt = next;
  }
}

/** One attempt; resolves to what was wrong with it. */
async function fill(work: Work, { wanted, left, guess }: Attempt): Promise<CwmpFault | Refusal | undefined> {
  const guessed = guesses[guess];
  const values = wanted.flatMap((each) => {
    const known = left.get(each.table);
    const has = (what: keyof Left) => known?.[what] === true || guessed?.[what] === true;
    return rowValues(each, { source: has('source'), lease: has('lease') });
  });
  try {
    if ((await work.set(values)) === 0) return undefined;
    return refuse('gateway-refused', 'the gateway puts a port mapping into effect only when it starts anew');
  } catch (error) {
    if (error instanceof DeviceFault) return error.fault;
    throw error;
  }
}

/** The next attempt, without what this fault is about; or why there is none. */
function withoutCulprit(fault: CwmpFault, attempt: Attempt, choose: ChooseAgain): Attempt | Refusal {
  const culprit = culpritOf(fault);
  if (culprit === 'port') return withOtherPorts(fault, attempt, choose);
  if (culprit === 'other') return refusalOf(fault, attempt.wanted);
  if (culprit === 'untold') return withAnotherGuess(attempt) ?? refusalOf(fault, attempt.wanted);
  const next = without(culprit, fault, attempt);
  if (next) return next;
  const message =
    culprit === 'lease'
      ? 'the gateway takes no lease for a port mapping (lease)'
      : 'the gateway takes no remote address for a port mapping (remoteAddress)';
  return refuse('cannot-hold', message, refusalOf(fault, attempt.wanted).subject);
}

function withAnotherGuess(attempt: Attempt): Attempt | undefined {
  const { wanted, left, guess } = attempt;
  const helps = (what: keyof Left) => [...left.values()].some((each) => !each[what]);
  const mayLack = (what: keyof Left) => wanted.every(({ lease }) => lease.opening.mayLack?.includes(promiseOf[what]));
  const another = guesses.findIndex(
    (each, index) =>
      index > guess && (['source', 'lease'] as const).every((what) => !each[what] || (helps(what) && mayLack(what))),
  );
  return another < 0 ? undefined : { ...attempt, guess: another };
}

const promiseOf = { source: 'remoteAddress', lease: 'lease' } as const;

function without(what: keyof Left, { parameters }: CwmpFault, attempt: Attempt): Attempt | undefined {
  const isMeant = ({ path }: OpeningTable) =>
    parameters.length === 0 || parameters.some(({ name }) => name.startsWith(path));
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
  const rows = wanted.map(({ path, lease }) => ({ path, id: lease.opening.id }));
  return refusalOfFault(fault, subjectOf(fault, rows));
}
