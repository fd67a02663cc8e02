import { type GatewaySession, Unreachable } from '@sluice/driver';
import {
  type Clock,
  familyOf,
  type Gateway,
  type GatewayAddresses,
  type GrantedOpening,
  type Opening,
  type Outcome,
  type PromiseName,
  type Refusal,
  refuse,
  traitsFor,
} from '@sluice/model';
import {
  type AddressBook,
  addressPaths,
  type GatewayNetworks,
  type HeldRow,
  type Lease,
  missedBySet,
  networksIn,
  outwardOf,
  refusalIn,
  rowsIn,
  type UspPort,
  type UspStep,
} from '@sluice/usp-gateway';
import {
  addRequest,
  deleteRequest,
  getRequest,
  pinholeTable,
  portMappingTable,
  setRequest,
  type UspAnswer,
  type UspRequest,
} from '@sluice/wire/usp';
import { type Capabilities, traitsOf } from './capabilities.ts';
import type { FilledChain } from './chain.ts';
import { readDescription } from './description.ts';
import { type HeldOpening, heldOpening } from './held-rows.ts';
import type { RowGround } from './row-ground.ts';
import { pathOf, rowsOf } from './rows.ts';
import { idleRules, isNarrowed, ruleEndValues, ruleFor, rulePathOf } from './rules.ts';

/** What the driver is made of. */
export interface UspDriverPorts {
  readonly controller: UspPort;
  readonly clock: Clock;
  readonly addressBook: AddressBook;
}

/** A gateway as it was met. */
export interface MetGateway {
  readonly gateway: Gateway;
  readonly capabilities: Capabilities;
  readonly chain: FilledChain | undefined;
}

/** The conversation with one gateway that is online. What it says is read back before it counts. */
export function uspSession(
  { gateway, capabilities, chain }: MetGateway,
  { controller, clock, addressBook }: UspDriverPorts,
): GatewaySession<UspStep> {
  const { gatewayId } = gateway;
  const ask = (request: UspRequest, signal: AbortSignal) => controller.request(gatewayId, request, signal);
  const traits = traitsOf(capabilities, chain !== undefined);
  const ruleTables = chain ? [`${chain.path}Rule.`] : [];
  const isRule = ({ path }: HeldRow) => ruleTables.some((table) => path.startsWith(table));
  const isOpeningRow = (row: HeldRow) => !isRule(row);
  const tables = capabilities.pinhole.size > 0 ? [portMappingTable, pinholeTable] : [portMappingTable];

  async function networksNow(signal: AbortSignal): Promise<GatewayNetworks> {
    const known = addressBook.of(gatewayId);
    if (known) return known;
    const revision = addressBook.revision(gatewayId);
    const networks = networksIn(answered(await ask(getRequest(addressPaths), signal), gatewayId));
    addressBook.keep(gatewayId, networks, revision);
    return networks;
  }

  const groundOf = (opening: Opening, networks: GatewayNetworks): RowGround => ({
    capabilities,
    chain,
    outward: (outwardOf(opening, networks) ?? networks.outward[0])?.reference,
  });

  async function open(leases: readonly Lease<Opening>[], signal: AbortSignal): Promise<Outcome> {
    const openings = leases.map(({ opening }) => opening);
    for (const { id, local } of openings)
      if (local.address === undefined)
        return no('local-address-needed', 'this gateway cannot find the device by itself; name its local address', id);
    for (const opening of openings) {
      const wider = notHeld(opening);
      if (wider !== undefined)
        return no('cannot-hold', `this gateway cannot hold what was asked (${wider})`, opening.id);
    }
    const networks = await networksNow(signal);
    // Rows without an Alias can be made twice.
    const there = capabilities.identity === 'Alias' ? undefined : await readBack(openings, networks, signal);
    const missing = leases.filter(({ opening }) => !there?.held.has(opening.id));
    const rows = missing.flatMap((lease) => rowsOf(lease, groundOf(lease.opening, networks), clock.now()));
    if (rows.length > 0) {
      const answer = await ask(addRequest(rows), signal);
      if (answer.kind === 'error') return { kind: 'refused', refusal: named(refusalIn(answer, openings), openings) };
    }
    const { held, rules } = await readBack(openings, networks, signal);
    const granted: GrantedOpening[] = [];
    let trouble: Outcome | undefined;
    for (const opening of openings) {
      const { mayLack = [] } = opening;
      const found = held.get(opening.id);
      if (!found?.works) {
        trouble ??= no('gateway-refused', 'the gateway took the opening and does not enable it', opening.id);
        continue;
      }
      const lacks = lacking(opening, found, networks, rules);
      const wider = lacks.find((name) => !mayLack.includes(name));
      if (wider !== undefined)
        trouble ??= no('cannot-hold', `the gateway does not hold what was asked (${wider})`, opening.id);
      granted.push({
        ...opening,
        ...found.opening,
        remote: opening.remote,
        ...(lacks.length > 0 && { lacks }),
      });
    }
    if (!trouble) {
      // What narrows nothing is of no use: the mapping is granted without it.
      const idle = granted.filter(({ lacks }) => lacks?.includes('remotePort'));
      const paths = idle.flatMap((opening) => rulePathOf(opening, groundOf(opening, networks)) ?? []);
      if (paths.length > 0) await ask(deleteRequest(paths), signal);
      return { kind: 'applied', granted, seen: true };
    }
    const undone = await ask(deleteRequest(pathsOf(openings, networks)), signal);
    return undone.kind === 'response' ? trouble : unknown('what it took and did not hold could not be taken back');
  }

  /** What the gateway's rows say of openings just asked for, by id, and its rules beside them. */
  async function readBack(
    openings: readonly Opening[],
    networks: GatewayNetworks,
    signal: AbortSignal,
  ): Promise<{ readonly held: ReadonlyMap<string, HeldOpening>; readonly rules: readonly HeldRow[] }> {
    const rows = rowsIn(await ask(getRequest(pathsOf(openings, networks)), signal)) ?? [];
    const now = clock.now();
    const byId = new Map(openings.map((opening) => [opening.id, opening]));
    const found = rows.filter(isOpeningRow).flatMap((row) => {
      const opening = byId.get(row.values.Alias ?? readDescription(row.values.Description ?? '')?.id ?? '');
      const asked = opening && askedAs(opening);
      const held = asked && heldOpening(row, networks, now, asked);
      return held ? [[held.opening.id, held] as const] : [];
    });
    return { held: new Map(found), rules: rows.filter(isRule) };
  }

  /** What no row of this gateway can hold of an opening, and what the opening may not lack. */
  function notHeld({ remote, streamType, mayLack = [] }: Opening): PromiseName | undefined {
    const { sourceAddress, sourcePort, streamTypes } = traitsFor(traits, familyOf(remote.address));
    const lacks: readonly (PromiseName | false)[] = [
      !sourceAddress && 'remoteAddress',
      !sourcePort && remote.port !== undefined && 'remotePort',
      !streamTypes && streamType !== 'tcp' && streamType !== 'udp' && 'streamType',
    ];
    return lacks.find((name): name is PromiseName => name !== false && !mayLack.includes(name));
  }

  /** What a gateway of this kind could hold and this row does not. */
  function lacking(
    opening: Opening,
    { holdsRemote }: HeldOpening,
    networks: GatewayNetworks,
    rules: readonly HeldRow[],
  ): PromiseName[] {
    const ground = groundOf(opening, networks);
    const { sourceAddress } = traits;
    const isMapping = familyOf(opening.remote.address) === 4;
    const lacks: PromiseName[] = [];
    if (!holdsRemote && (isMapping ? sourceAddress : capabilities.pinhole.has('SourcePrefixes')))
      lacks.push('remoteAddress', 'remotePort');
    else if (ruleFor(opening, ground) && !isNarrowed(opening, rules, ground)) lacks.push('remotePort');
    return lacks;
  }

  /** An opening as it is: where the rule is gone that it was granted with, any port of its remote end gets in. */
  function asOpen(
    opening: GrantedOpening,
    known: GrantedOpening | undefined,
    networks: GatewayNetworks,
    rules: readonly HeldRow[],
  ): GrantedOpening {
    const ground = groundOf(opening, networks);
    if (!ruleFor(opening, ground) || isNarrowed(opening, rules, ground)) return opening;
    const { address } = opening.remote;
    const isNamed = known?.lacks?.includes('remotePort') || known?.mayLack?.includes('remotePort');
    return { ...opening, lacks: ['remotePort'], ...(!isNamed && { remote: { address } }) };
  }

  async function renew(leases: readonly Lease<GrantedOpening>[], signal: AbortSignal): Promise<Outcome> {
    const openings = leases.map(({ opening }) => opening);
    const networks = await networksNow(signal);
    const objects = leases.flatMap(({ opening, seconds }) => {
      const ground = groundOf(opening, networks);
      const rule = rulePathOf(opening, ground);
      const values = { LeaseDuration: String(seconds) };
      const end = ruleEndValues(ground, clock.now(), seconds);
      const hasRule = rule !== undefined && !opening.lacks?.includes('remotePort');
      const { lease } = traitsFor(traits, familyOf(opening.remote.address));
      return [
        // The rule before what it narrows: it is never the shorter one.
        ...(hasRule && Object.keys(end).length > 0 ? [{ path: rule, values: end }] : []),
        ...(lease ? [{ path: pathOf(opening, ground), values }] : []),
      ];
    });
    // What has no lease stays until it is closed.
    if (objects.length === 0) return { kind: 'applied', granted: openings };
    const answer = await ask(setRequest(objects), signal);
    if (answer.kind === 'error') return { kind: 'refused', refusal: refusalIn(answer, openings) };
    const missed = missedBySet(
      answer,
      objects.map(({ path }) => ({ id: path }) as GrantedOpening),
    );
    if (!missed) return unknown('its answer is none to a Set');
    if (missed.length === 0) return { kind: 'applied', granted: openings };
    return no(
      'gateway-refused',
      `the gateway no longer holds ${missed.map(({ id }) => id).join(', ')}`,
      openings[0]?.id,
    );
  }

  async function close(openings: readonly GrantedOpening[], signal: AbortSignal): Promise<Outcome> {
    const networks = await networksNow(signal);
    const answer = await ask(deleteRequest(pathsOf(openings, networks)), signal);
    if (answer.kind === 'error') return { kind: 'refused', refusal: refusalIn(answer, openings) };
    return answer.response.case === 'deleteResp'
      ? { kind: 'applied', granted: [] }
      : unknown('its answer is none to a Delete');
  }

  /** Mappings before the rules that narrow them. */
  function pathsOf(openings: readonly Opening[], networks: GatewayNetworks): string[] {
    const rows = openings.map((opening) => pathOf(opening, groundOf(opening, networks)));
    return [...rows, ...openings.flatMap((opening) => rulePathOf(opening, groundOf(opening, networks)) ?? [])];
  }

  function take(step: UspStep, signal: AbortSignal): Promise<Outcome> {
    switch (step.kind) {
      case 'open':
        return open(step.leases, signal);
      case 'renew':
        return renew(step.leases, signal);
      case 'close':
        return close(step.openings, signal);
    }
  }

  return {
    traits,

    async addresses(signal): Promise<GatewayAddresses> {
      return (await networksNow(signal)).addresses;
    },

    async observe(believed, signal) {
      const networks = await networksNow(signal);
      const answer = await ask(getRequest([...tables, ...ruleTables]), signal);
      const at = clock.now();
      const all = answered(answer, gatewayId).filter(({ path }) => /\.\d+\.$/.test(path));
      const rows = all.filter(isOpeningRow);
      const rules = all.filter(isRule);
      const byId = new Map(believed.map((opening) => [opening.id, opening]));
      const ours = rows.flatMap((row) => {
        const known = byId.get(row.values.Alias ?? readDescription(row.values.Description ?? '')?.id ?? '');
        const held = heldOpening(row, networks, at, known);
        return held?.works ? [{ opening: asOpen(held.opening, known, networks, rules) }] : [];
      });
      const idle = idleRules(rules, new Set(ours.map(({ opening }) => opening.id)));
      if (idle.length > 0) await ask(deleteRequest(idle), signal);
      return { at, ours, foreign: rows.length - ours.length };
    },

    async apply(step, signal) {
      try {
        signal.throwIfAborted();
        return await take(step, signal);
      } catch (error) {
        if (error instanceof Unreachable)
          return { kind: 'refused', refusal: refuse('gateway-offline', `the gateway ${gatewayId} is not connected`) };
        return unknown(error instanceof Error ? error.message : String(error));
      }
    },

    async [Symbol.asyncDispose]() {},
  };
}

const unknown = (reason: string): Outcome => ({ kind: 'unknown', reason });

function no(code: Parameters<typeof refuse>[0], message: string, subject: string | undefined): Outcome {
  return { kind: 'refused', refusal: refuse(code, message, subject) };
}

/** Where rows have no names, the one whose device the gateway's words name. */
function named(refusal: Refusal, openings: readonly Opening[]): Refusal {
  if (refusal.subject !== undefined) return refusal;
  const about = openings.filter(({ local }) => refusal.message.split(/[\s,]/).includes(local.address ?? ''));
  const [only] = about;
  return about.length === 1 && only ? { ...refusal, subject: only.id } : refusal;
}

/** An opening as it would be granted, where its row does not tell. */
function askedAs(opening: Opening): GrantedOpening {
  const local = { address: opening.local.address ?? '', port: opening.local.port };
  return { ...opening, local, global: local, globalPort: opening.globalPort ?? local.port };
}

function answered(answer: UspAnswer, gatewayId: string): HeldRow[] {
  const rows = rowsIn(answer);
  if (rows) return rows;
  const words = answer.kind === 'error' ? `USP error ${answer.code}: ${answer.message}` : 'no answer to a Get';
  throw new Unreachable(`${gatewayId} cannot be read (${words})`);
}
