import { type Instant, type IpAddress, refuse } from '@sluice/model';
import type { ModelChange } from '@sluice/usp-agent';
import { errorCode, portMappingTable } from '@sluice/wire/usp';
import { unchecked } from '../consent/consent.ts';
import { findInterface } from '../home/networks.ts';
import { judgeController, judgeCount, judgeLease, judgeOwnCount } from '../policy/verdicts.ts';
import type { PortsByTransport } from '../ports/assign.ts';
import type { Edit } from './edit.ts';
import { type Fault, faultOf, invalidValue } from './fault.ts';
import { pairUp } from './hairpin.ts';
import { resolvePath, type Surroundings } from './resolve.ts';
import { keysOf, nothingPassed, portKey, type Row } from './row.ts';
import type { Rows } from './rows.ts';
import { givePorts, type Sketch, sketchChanges } from './sketch.ts';
import { writeTag } from './tag.ts';
import { type OpeningTable, transportWanted, type Wanted } from './wanted.ts';

/** What a draft is made from. */
export interface DraftGround {
  readonly rows: Rows;
  readonly ports: PortsByTransport;
  readonly around: Surroundings;
  readonly now: Instant;
  nextInstance(table: OpeningTable): number;
}

/** The rows as they would be, their new global ports held already; or why not, and nothing is held. */
export type Draft =
  | { readonly edits: readonly Edit[]; readonly objects: readonly string[]; releasePorts(): void }
  | { readonly index: number; readonly fault: Fault };

/** Works out what the changes of one message make of the rows, as one unit. Changes nothing but the ports it takes hold of. */
export function draftChanges(changes: readonly ModelChange[], owner: string, ground: DraftGround): Draft {
  const refusal = judgeController(ground.around.policy, owner);
  if (refusal) return { index: 0, fault: faultOf(refusal) };
  const sketched = sketchChanges(changes, owner, ground.rows, ground.nextInstance);
  if ('fault' in sketched) return sketched;
  const given = givePorts(sketched.sketches, ground.ports);
  if ('fault' in given) return given;
  const edits: Edit[] = [];
  const judge = beginJudging(sketched.sketches, owner, ground);
  for (const entry of sketched.sketches) {
    const { index, before } = entry;
    const port = given.ports.get(entry) ?? (entry.wanted ? portOfNone(entry) : undefined) ?? before?.wanted.globalPort;
    const after = entry.wanted && finishRow(entry, entry.wanted, owner, port, ground);
    const fault = after && ('fault' in after ? after.fault : judge(before, after));
    if (fault) {
      given.release();
      return { index, fault };
    }
    const start = before?.opening ? undefined : entry.wanted?.start;
    edits.push({ index, before, after: after && 'fault' in after ? undefined : after, start });
  }
  return { edits: pairUp(edits, ground.rows), objects: sketched.objects, releasePorts: given.release };
}

/** What has no port has port 0, whatever is said: another is refused when the row is enabled. */
function portOfNone({ table, wanted }: Sketch): number | undefined {
  if (table !== portMappingTable || !wanted || transportWanted(wanted) !== 'esp') return undefined;
  return wanted.globalPort ?? 0;
}

function finishRow(
  { table, instance, before, renewed }: Sketch,
  wanted: Wanted,
  owner: string,
  globalPort: number | undefined,
  ground: DraftGround,
): Row | { readonly fault: Fault } {
  const { leaseSeconds } = wanted;
  const refusal = renewed ? judgeLease(ground.around.policy, leaseSeconds) : undefined;
  if (refusal) return { fault: faultOf(refusal, 'LeaseDuration') };
  let until = before?.until ?? Number.POSITIVE_INFINITY;
  if (renewed) until = leaseSeconds === 0 ? Number.POSITIVE_INFINITY : ground.now + leaseSeconds * 1000;
  if (wanted.interface !== '' && !findInterface(ground.around.networks, wanted.interface))
    return { fault: invalidValue('Interface', 'refers to no interface') };
  const whole = {
    ...wanted,
    alias: wanted.alias ?? `cpe-${instance}`,
    globalPort,
  };
  const row = { table, instance, owner, until, carried: before?.carried ?? nothingPassed };
  if (!whole.enable) return { ...row, wanted: whole, opening: undefined, consent: unchecked };
  const held = before?.opening && samePath(before.wanted, whole) ? before.opening : undefined;
  const resolved = held
    ? { path: held, interface: whole.interface }
    : resolvePath(table, whole, globalPort ?? 0, ground.around);
  if ('fault' in resolved) return resolved;
  // What is open keeps its consent, also over renewals; a path that is new needs its own.
  const consent =
    held && before
      ? before.consent
      : ground.around.consent.judge({
          owner,
          flow: whole.flow,
          token: whole.consent,
          transport: transportWanted(whole),
          local: resolved.path.local,
        });
  if ('code' in consent) return { fault: faultOf(consent) };
  if (until > consent.end && (renewed || !held))
    return {
      fault: faultOf(refuse('consent-expired', 'that is longer than its consent lasts; a new request is needed')),
    };
  const complete = {
    ...whole,
    consent: undefined,
    start: undefined,
    localAddress: resolved.path.local.address,
    interface: resolved.interface,
  };
  const tag = writeTag({ ...complete, owner, instance, consent });
  if (tag === undefined) return { fault: invalidValue('Alias', 'is too long to be kept with the opening') };
  // The same object where nothing changed: the kernel's element is left alone then.
  return { ...row, wanted: complete, consent, opening: held?.tag === tag ? held : { ...resolved.path, tag } };
}

/** What decides the path; the rest of a row can change without the kernel's element. */
const pathParts = [
  'interface',
  'allInterfaces',
  'transport',
  'streamType',
  'payloadType',
  'remoteAddress',
  'remotePort',
  'globalPort',
  'localAddress',
  'localPort',
] as const satisfies readonly (keyof Wanted)[];

const samePath = (one: Wanted, other: Wanted) => pathParts.every((part) => one[part] === other[part]);

/** Judges row after row of one message: unique keys at its end, and how many there are then. */
function beginJudging(sketches: readonly Sketch[], owner: string, { rows, ports, around }: DraftGround) {
  const replaced = new Set(sketches.map(({ before }) => before));
  const drafted = new Set<string>();
  const toDevice = new Map<IpAddress, number>();
  const leaving = sketches.filter(({ before, wanted }) => before && !wanted).length;
  let inAll = rows.size - leaving;
  const lasting = (key: string) => {
    const holder = rows.holding(key);
    return holder !== undefined && !replaced.has(holder);
  };
  return (before: Row | undefined, after: Row): Fault | undefined => {
    for (const { text, kind } of keysOf(after)) {
      if (lasting(text) || drafted.has(text)) return keyFaults[kind](after);
      drafted.add(text);
    }
    if (after.table === portMappingTable) {
      const { globalPort = 0, remoteAddress } = after.wanted;
      const transport = transportWanted(after.wanted);
      // Who admits anyone would take what others were to let through.
      const alone =
        remoteAddress === undefined && transport !== 'esp'
          ? ports[transport].holders(globalPort) === 1
          : !lasting(portKey(transport, globalPort));
      if (!alone) return keyFaults.port(after);
    }
    if (!before) inAll++;
    const own = rows.ofOwner(owner) + inAll - rows.size;
    const tooMany = before ? undefined : judgeOwnCount(around.policy, owner, own);
    if (tooMany) return faultOf(tooMany);
    const device = after.opening?.local.address;
    const more = (toDevice.get(device ?? '') ?? 0) + (before?.opening?.local.address === device ? 0 : 1);
    if (device !== undefined) toDevice.set(device, more);
    const refusal = judgeCount(around.policy, device, device === undefined ? 0 : rows.toDevice(device) + more, inAll);
    return refusal && faultOf(refusal);
  };
}

const keyFaults: Readonly<Record<'alias' | 'port' | 'path', (row: Row) => Fault>> = {
  alias: ({ wanted }) => ({
    code: errorCode.duplicateUniqueKey,
    message: `there is a row with the Alias ${wanted.alias}`,
    parameter: 'Alias',
  }),
  port: ({ wanted }) => ({
    code: errorCode.duplicateUniqueKey,
    message: `global port ${wanted.globalPort} is taken`,
    parameter: 'ExternalPort',
  }),
  path: ({ wanted }) => ({
    code: errorCode.valueConflict,
    message: `${wanted.localAddress} port ${wanted.localPort} is open for this remote endpoint already`,
  }),
};
