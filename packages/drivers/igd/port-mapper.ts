import { type GrantedOpening, type Opening, type PromiseName, type Refusal, refuse } from '@sluice/model';
import { type Gone, isGranted, type Lease, type Mapper, type One } from '@sluice/port-control';
import {
  type ActionRequest,
  addAnyPortMapping,
  addPortMapping,
  deletePortMapping,
  type MappingKey,
  mappingError,
  reservedPortIn,
} from '@sluice/wire/igd';
import { askService, type Reply } from './asking.ts';
import { type Attempt, weakerAttempt } from './attempt.ts';
import { readOr } from './connection.ts';
import { isPlaced, unfit } from './fitness.ts';
import { endShown, grantOf, keyOf, mappingOf, type Placed } from './mapping-making.ts';
import type { MadeMapping } from './memory.ts';
import { leadsTo, openingIdIn } from './own-mapping.ts';
import { offline, refusalOf } from './refusals.ts';
import { isOurs, type PortMapperParts, refused, removeMapping, unseenBy } from './removing.ts';
import { asWritten, isList, type Look, type Silence } from './table.ts';

/** Ports that are looked at for one that nobody on this device uses. */
const mostPortsTried = 8;

/** Openings over IPv4 as port mappings, each read back. */
export function portMapper(parts: PortMapperParts): Mapper {
  const { clock, connection, gatewayId, memory, ports, quirks, table } = parts;
  const { learned } = memory;
  const ask = (request: ActionRequest, signal: AbortSignal): Promise<Reply> =>
    askService(connection, request, ports, parts.from, signal);

  async function open(lease: Lease<Opening>, signal: AbortSignal): Promise<One> {
    const { opening } = lease;
    const no = unfit(opening, { home: ports.home(), own: parts.own(), traits: parts.traits() });
    if (no || !isPlaced(opening)) return refused(no ?? neverUnplaced(opening));
    if (memory.externalAddress === undefined)
      return refused(refuse('gateway-refused', 'the gateway has no address on the internet just now', opening.id));
    const unread = await lookForOwn(signal);
    if (unread) return refused(unread);
    const made = memory.mappings.get(opening.id);
    if (made) {
      const there = await table.peek(made.key, signal);
      if (there.kind === 'silent') return refused(unseen(there));
      const samePort = opening.globalPort === undefined || opening.globalPort === made.key.externalPort;
      if (isOurs(there, opening) && samePort) return openAgain({ ...lease, opening }, made, signal);
      memory.mappings.delete(opening.id);
    }
    const picks = opening.globalPort === undefined;
    if (picks && !parts.traits().portAgreement.includes('pick'))
      return refused(refuse('trait-missing', 'this gateway does not pick global ports', opening.id));
    const attempt: Attempt = { wide: learned.anyRemoteOnly === true, permanent: keepsNoLease(), picks };
    const port = await freePort(opening, attempt, signal);
    return typeof port === 'number' ? make({ ...lease, opening }, port, attempt, signal) : refused(port);
  }

  /** It is there under its id. Where who may send is not what is asked, or not known, it is made anew on its port. */
  async function openAgain(lease: Lease<Placed>, made: MadeMapping, signal: AbortSignal): Promise<One> {
    const { opening } = lease;
    const attempt: Attempt = { wide: learned.anyRemoteOnly === true, permanent: keepsNoLease(), picks: false };
    const { remoteHost } = keyOf(opening, made.key.externalPort, attempt.wide);
    if (made.life !== undefined && made.key.remoteHost === remoteHost) return extend(lease, made.key, signal);
    const gone = await remove(opening, made.key, signal);
    return gone.kind === 'gone' ? make(lease, made.key.externalPort, attempt, signal) : gone;
  }

  /** Where a mapping of another program on this device stands, the gateway would put ours in its place. */
  async function freePort(opening: Placed, attempt: Attempt, signal: AbortSignal): Promise<number | Refusal> {
    const first = opening.globalPort ?? Math.max(opening.local.port, 1_024);
    for (let tries = 0; tries < (attempt.picks ? mostPortsTried : 1); tries++) {
      const port = ((first - 1_024 + 2 * tries) % 64_512) + 1_024;
      const candidate = attempt.picks ? port : first;
      const there = await table.peek(keyOf(opening, candidate, attempt.wide), signal);
      if (there.kind === 'silent') return unseen(there);
      if (there.kind === 'none') return candidate;
    }
    return refuse('port-in-use', `the gateway's port ${first} is mapped already`, opening.id);
  }

  async function make(lease: Lease<Placed>, port: number, attempt: Attempt, signal: AbortSignal): Promise<One> {
    const { opening, seconds } = lease;
    const key = keyOf(opening, port, attempt.wide);
    const mapping = mappingOf(opening, key, attempt.permanent ? 0 : seconds);
    const request = attempt.picks ? addAnyPortMapping : addPortMapping;
    remember(opening, key, attempt.permanent);
    const reply = await ask(request(connection.type, mapping), signal);
    if (reply.kind === 'lost') return { kind: 'unknown', reason: reply.reason };
    if (reply.kind === 'values') {
      const granted = attempt.picks ? readOr(reply, reservedPortIn) : port;
      if (granted === undefined) return { kind: 'unknown', reason: 'it does not say which port it took' };
      return readBack(lease, { ...key, externalPort: granted }, attempt, signal);
    }
    memory.mappings.delete(opening.id);
    if (reply.kind === 'not-sent') return refused(offline(gatewayId, reply.reason));
    const weaker = weakerAttempt(attempt, reply.code, opening, learned);
    return weaker ? make(lease, port, weaker, signal) : refused(refusalOf(reply, 'mapping', opening.id));
  }

  /** The gateway's word is not taken for it: what it shows must be what was asked, and no wider. */
  async function readBack(lease: Lease<Placed>, key: MappingKey, attempt: Attempt, signal: AbortSignal): Promise<One> {
    const { opening } = lease;
    remember(opening, key, attempt.permanent);
    const look = await table.read(key, signal);
    if (look.kind === 'silent') return { kind: 'unknown', reason: look.reason };
    if (look.kind === 'none' || !isOurs(look, opening)) {
      // One that leads here was made just now, and could not be known again.
      if (look.kind === 'mapping' && leadsTo(look.mapping, opening))
        await ask(deletePortMapping(connection.type, key), signal);
      memory.mappings.delete(opening.id);
      const what = look.kind === 'none' ? 'nothing' : 'something else';
      return refused(
        refuse('gateway-refused', `the gateway said that it opened ${opening.id}, and shows ${what}`, opening.id),
      );
    }
    const { mapping } = look;
    const wide = isWide(look, key);
    const permanent = mapping.leaseSeconds === 0;
    const lacking = [
      ...(wide ? (['remoteAddress'] as const) : []),
      ...(permanent ? (['lease'] as const) : []),
      ...(mapping.enabled ? [] : (['enabled'] as const)),
    ].filter((name) => name === 'enabled' || !opening.mayLack?.includes(name));
    if (lacking.length > 0) return takeBack(opening, key, lacking, signal);
    const external = memory.externalAddress;
    if (external === undefined) return { kind: 'unknown', reason: 'its address on the internet went away' };
    remember(opening, key, permanent);
    const until = permanent ? opening.until : endShown(lease, mapping.leaseSeconds);
    const held = wide ? { ...key, remoteHost: '' } : key;
    return { kind: 'granted', opening: grantOf(opening, external, held, { until, permanent }) };
  }

  /** Whether anyone may send, as far as the gateway tells. */
  function isWide(look: Look, key: MappingKey): boolean {
    if (look.kind !== 'mapping') return false;
    if (key.remoteHost === '') return true;
    if (quirks.hidesRemoteHost && look.mapping.remoteHost === '') return false;
    return !look.tellsRemoteHost || look.mapping.remoteHost !== key.remoteHost;
  }

  async function takeBack(
    opening: Placed,
    key: MappingKey,
    lacking: readonly (PromiseName | 'enabled')[],
    signal: AbortSignal,
  ): Promise<One> {
    if (lacking.includes('lease')) learned.permanentOnly = true;
    if (lacking.includes('remoteAddress')) learned.anyRemoteOnly = true;
    const undone = await remove(opening, key, signal);
    const words = lacking.includes('enabled')
      ? refuse('gateway-refused', `the gateway holds ${opening.id} and does not let anything through`, opening.id)
      : refuse(
          'cannot-hold',
          `the gateway does not hold ${opening.id} as it was asked: it lacks ${lacking.join(', ')}`,
          opening.id,
        );
    return undone.kind === 'gone' ? refused(words) : { kind: 'unknown', reason: words.message };
  }

  async function renew(lease: Lease<Opening>, signal: AbortSignal): Promise<One> {
    const { opening } = lease;
    if (!isPlaced(opening) || !isGranted(opening)) return refused(neverUnplaced(opening));
    const key = knownKey(opening);
    const is = await table.read(key, signal);
    if (is.kind === 'silent') return refused(unseen(is));
    if (!isOurs(is, opening)) return refused(lostOf(opening, 'no longer holds it'));
    if (opening.global.address !== memory.externalAddress)
      return refused(lostOf(opening, `has the address ${memory.externalAddress ?? 'none'} now`));
    if (key.remoteHost !== '' && (isWide(is, key) || !isSurelyNarrow(opening)))
      return refused(lostOf(opening, 'may let in anyone since it was started again'));
    if (memory.mappings.get(opening.id)?.permanent) return { kind: 'granted', opening };
    return extend({ ...lease, opening }, key, signal);
  }

  /** A mapping without its RemoteHost is shown as the same by gateways that never show it. */
  function isSurelyNarrow({ id }: Opening): boolean {
    return !quirks.hidesRemoteHost || memory.mappings.get(id)?.life === memory.life;
  }

  /** Moves the end of a mapping that is there. */
  async function extend(lease: Lease<Placed>, key: MappingKey, signal: AbortSignal): Promise<One> {
    const { opening, seconds } = lease;
    const permanent = memory.mappings.get(opening.id)?.permanent === true;
    const request = addPortMapping(connection.type, mappingOf(opening, key, permanent ? 0 : seconds));
    let reply = await ask(request, signal);
    if (reply.kind === 'fault' && reply.code === mappingError.conflictInMapping) {
      // The same key of the same device is to be overwritten (WANIPConnection:1 2.2.20); some call that a conflict.
      learned.conflictsWithItself = true;
      const gone = await remove(opening, key, signal);
      if (gone.kind !== 'gone') return gone;
      reply = await ask(request, signal);
    }
    if (reply.kind === 'lost') return { kind: 'unknown', reason: reply.reason };
    if (reply.kind === 'not-sent') return refused(offline(gatewayId, reply.reason));
    if (reply.kind === 'fault') return refused(refusalOf(reply, 'mapping', opening.id));
    return readBack(lease, key, { wide: key.remoteHost === '', permanent, picks: false }, signal);
  }

  async function unmap(opening: Opening, signal: AbortSignal): Promise<Gone> {
    if (!isPlaced(opening)) return { kind: 'gone' };
    const key = knownKey(opening);
    const hosts = new Set([key.remoteHost, '']);
    for (const remoteHost of hosts) {
      // A restart may have lost who may send.
      const gone = await remove(opening, { ...key, remoteHost }, signal);
      if (gone.kind !== 'gone') return gone;
    }
    memory.mappings.delete(opening.id);
    return { kind: 'gone' };
  }

  const remove = (opening: Placed, key: MappingKey, signal: AbortSignal) => removeMapping(parts, opening, key, signal);

  /** Once: what an earlier life of ours made, so that an id has one mapping. */
  async function lookForOwn(signal: AbortSignal): Promise<Refusal | undefined> {
    if (memory.looked) return undefined;
    const listed = await table.list(signal);
    if (!isList(listed)) return unseen(listed);
    memory.looked = true;
    const ours = parts.ports.home().addresses.map(({ address }) => address);
    for (const mapping of listed.map(asWritten)) {
      const id = openingIdIn(mapping.description, []);
      if (id === undefined || memory.mappings.has(id) || !ours.includes(mapping.internalClient)) continue;
      const until = clock.now() + mapping.leaseSeconds * 1_000;
      memory.mappings.set(id, { key: mapping, permanent: mapping.leaseSeconds === 0, life: undefined, until });
    }
    return undefined;
  }

  const unseen = (silence: Silence) => unseenBy(gatewayId, silence);

  function remember(opening: Opening, key: MappingKey, permanent: boolean): void {
    memory.tidy(clock.now());
    memory.mappings.set(opening.id, { key, permanent, life: memory.life, until: opening.until });
  }

  function knownKey(opening: Placed): MappingKey {
    const { id, globalPort, local } = opening;
    const made = memory.mappings.get(id)?.key;
    if (made && (globalPort === undefined || globalPort === made.externalPort)) return made;
    const wide = isGranted(opening) && opening.lacks?.includes('remoteAddress') === true;
    return keyOf(opening, globalPort ?? local.port, wide);
  }

  const keepsNoLease = () => learned.permanentOnly === true || quirks.keepsNoLease === true;

  return {
    map: (lease, purpose, signal) => (purpose === 'open' ? open(lease, signal) : renew(lease, signal)),
    unmap,
  };
}

function lostOf({ id }: GrantedOpening, how: string): Refusal {
  return refuse('gateway-refused', `the gateway ${how}: ${id} is to be made anew`, id);
}

function neverUnplaced({ id }: Opening): Refusal {
  return refuse('local-address-needed', 'a UPnP gateway does not find the device by itself', id);
}
