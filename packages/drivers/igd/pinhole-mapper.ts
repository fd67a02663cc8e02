import { type GrantedOpening, type Opening, plainTransportOf, type Refusal, refuse } from '@sluice/model';
import { type Gone, isGranted, type Lease, type Mapper, type One } from '@sluice/port-control';
import {
  type ActionRequest,
  addPinhole,
  checkPinholeWorking,
  deletePinhole,
  getPinholePackets,
  type Pinhole,
  pinholeError,
  uniqueIdIn,
  updatePinhole,
  upnpError,
} from '@sluice/wire/igd';
import { askService, type Reply, type ServiceAt } from './asking.ts';
import { readOr } from './connection.ts';
import { isPlaced, unfit } from './fitness.ts';
import type { Placed } from './mapping-making.ts';
import type { KnownPinhole } from './memory.ts';
import type { GatewayParts } from './parts.ts';
import { offline, refusalOf } from './refusals.ts';

/** What openings over IPv6 are made with. */
export interface PinholeParts extends GatewayParts {
  readonly firewall: ServiceAt;
}

/** Whether a pinhole is there. `untold`: the gateway has no way to say; `silent`: it did not answer. */
export type PinholeLook = 'there' | 'gone' | 'untold' | 'silent';

/** The lease of a pinhole that is made only to learn its number, and is deleted at once. Seconds. */
const leastSeconds = 1;

/** Openings over IPv6 as pinholes, which a gateway knows by a number and does not list. */
export function pinholeMapper(parts: PinholeParts): Mapper & {
  look(pinhole: KnownPinhole & { state: 'held' }, signal: AbortSignal): Promise<PinholeLook>;
} {
  const { clock, firewall, gatewayId, memory, ports, quirks } = parts;
  const known = memory.pinholes;

  /** Gateways make pinholes only towards who asks. */
  function ask(request: ActionRequest, opening: Opening, signal: AbortSignal): Promise<Reply> {
    const own = ports.home().addresses.find(({ address }) => address === opening.local.address);
    return askService(firewall, request, ports, own?.address ?? parts.from, signal);
  }

  async function open(lease: Lease<Opening>, signal: AbortSignal): Promise<One> {
    const { opening } = lease;
    const no = unfit(opening, { home: ports.home(), own: parts.own(), traits: parts.traits() });
    if (no || !isPlaced(opening)) return refused(no ?? neverUnplaced(opening));
    memory.tidy(clock.now());
    return make({ ...lease, opening }, signal);
  }

  async function make(lease: Lease<Placed>, signal: AbortSignal): Promise<One> {
    const { opening, seconds } = lease;
    const before = known.get(opening.id);
    const granted = grantOf(opening);
    known.set(opening.id, { state: 'asked', opening: granted });
    const request = addPinhole(firewall.type, pinholeOf(opening), seconds);
    const uniqueId = numberOf(await ask(request, opening, signal), opening);
    if (typeof uniqueId !== 'number') {
      if (uniqueId.kind === 'refused') known.set(opening.id, before ?? { state: 'closed', opening: granted });
      return uniqueId;
    }
    const held = { state: 'held', opening: granted, uniqueId, life: memory.life } as const;
    known.set(opening.id, held);
    const look = await lookAt(held, signal);
    if (look === 'silent') return { kind: 'unknown', reason: 'it did not show what it made' };
    if (look !== 'gone') return { kind: 'granted', opening: granted };
    await ask(deletePinhole(firewall.type, uniqueId), opening, signal);
    known.set(opening.id, { state: 'closed', opening: granted });
    return refused(
      refuse('gateway-refused', `the gateway said that it opened ${opening.id}, and does not hold it`, opening.id),
    );
  }

  function numberOf(reply: Reply, opening: Opening): number | Exclude<One, { kind: 'granted' }> {
    if (reply.kind === 'lost') return { kind: 'unknown', reason: reply.reason };
    if (reply.kind === 'not-sent') return refused(offline(gatewayId, reply.reason));
    if (reply.kind === 'fault') return refused(refusalOf(reply, 'pinhole', opening.id));
    return readOr(reply, uniqueIdIn) ?? { kind: 'unknown', reason: 'it does not number what it made' };
  }

  async function renew(lease: Lease<Opening>, signal: AbortSignal): Promise<One> {
    const { opening, seconds } = lease;
    const held = heldNow(opening);
    if (!isPlaced(opening) || !isGranted(opening) || !held) return refused(lostOf(opening));
    if (quirks.mixesUpPinholes) {
      const there = await lookAt(held, signal);
      if (there === 'silent') return { kind: 'unknown', reason: 'it does not show what it holds' };
      const gone = there === 'there' ? await remove(opening, held.uniqueId, signal) : refused(lostOf(opening));
      return gone.kind === 'gone' ? make({ opening, seconds }, signal) : gone;
    }
    const reply = await ask(updatePinhole(firewall.type, held.uniqueId, seconds), opening, signal);
    if (reply.kind === 'lost') return { kind: 'unknown', reason: reply.reason };
    if (reply.kind === 'not-sent') return refused(offline(gatewayId, reply.reason));
    if (reply.kind === 'values') {
      known.set(opening.id, { ...held, opening });
      return { kind: 'granted', opening };
    }
    if (reply.code === pinholeError.noSuchEntry) known.set(opening.id, { state: 'closed', opening });
    return refused(reply.code === pinholeError.noSuchEntry ? lostOf(opening) : refusalOf(reply, 'pinhole', opening.id));
  }

  async function unmap(opening: Opening, signal: AbortSignal): Promise<Gone> {
    if (!isPlaced(opening) || known.get(opening.id)?.state === 'closed') return { kind: 'gone' };
    const held = heldNow(opening);
    const look = held && (await lookAt(held, signal));
    if (look === 'silent') return { kind: 'unknown', reason: 'it does not show what it holds' };
    if (look === 'gone') return closed(opening);
    if (held && look === 'there') return remove(opening, held.uniqueId, signal);
    if (opening.until <= clock.now()) return closed(opening);
    // A number that is not known, or was of another life of the gateway, is learnt by asking for the same again (2.5.2).
    if (quirks.mixesUpPinholes) return refused(numberless(opening));
    const request = addPinhole(firewall.type, pinholeOf(opening), leastSeconds);
    const uniqueId = numberOf(await ask(request, opening, signal), opening);
    if (typeof uniqueId !== 'number') return uniqueId;
    return remove(opening, uniqueId, signal);
  }

  async function remove(opening: Placed, uniqueId: number, signal: AbortSignal): Promise<Gone> {
    const reply = await ask(deletePinhole(firewall.type, uniqueId), opening, signal);
    if (reply.kind === 'lost') return { kind: 'unknown', reason: reply.reason };
    if (reply.kind === 'not-sent') return refused(offline(gatewayId, reply.reason));
    if (reply.kind === 'fault' && reply.code !== pinholeError.noSuchEntry)
      return refused(refusalOf(reply, 'pinhole', opening.id));
    const look = await lookAtNumber(opening, uniqueId, signal);
    if (look === 'silent') return { kind: 'unknown', reason: 'it does not show whether it is closed' };
    if (look !== 'there') return closed(opening);
    return refused(
      refuse('gateway-refused', `the gateway said that it closed ${opening.id}, and still holds it`, opening.id),
    );
  }

  const lookAt = ({ opening, uniqueId }: KnownPinhole & { state: 'held' }, signal: AbortSignal) =>
    lookAtNumber(opening, uniqueId, signal);

  async function lookAtNumber(opening: Opening, uniqueId: number, signal: AbortSignal): Promise<PinholeLook> {
    const packets = await ask(getPinholePackets(firewall.type, uniqueId), opening, signal);
    const told = lookIn(packets);
    if (told !== 'untold' || packets.kind !== 'fault' || packets.code !== upnpError.invalidAction) return told;
    const working = await ask(checkPinholeWorking(firewall.type, uniqueId), opening, signal);
    // No traffic came yet: it is there.
    const idle = working.kind === 'fault' && working.code === pinholeError.noTrafficReceived;
    return idle ? 'there' : lookIn(working);
  }

  /** A number that was learnt in this life of the gateway. */
  function heldNow({ id }: Opening): (KnownPinhole & { state: 'held' }) | undefined {
    const pinhole = known.get(id);
    return pinhole?.state === 'held' && pinhole.life === memory.life ? pinhole : undefined;
  }

  function closed(opening: Placed): Gone {
    known.set(opening.id, { state: 'closed', opening: grantOf(opening) });
    return { kind: 'gone' };
  }

  return {
    map: (lease, purpose, signal) => (purpose === 'open' ? open(lease, signal) : renew(lease, signal)),
    unmap,
    look: lookAt,
  };
}

const refused = (refusal: Refusal) => ({ kind: 'refused', refusal }) as const;

function pinholeOf({ local, remote, streamType }: Placed): Pinhole {
  return {
    remoteHost: remote.address,
    remotePort: remote.port ?? 0,
    internalClient: local.address,
    internalPort: local.port,
    protocol: plainTransportOf(streamType),
  };
}

function grantOf({ portGroup: _, ...opening }: Placed): GrantedOpening {
  const { address, port } = opening.local;
  const place = { address, port };
  return { ...opening, local: place, global: place, globalPort: port };
}

/** What a gateway says of a number that it did not give: 704, and some 402 or 606. */
const unknownNumber: readonly (number | undefined)[] = [
  pinholeError.noSuchEntry,
  upnpError.invalidArgs,
  upnpError.notAuthorized,
];

function lookIn(reply: Reply): PinholeLook {
  if (reply.kind === 'values') return 'there';
  if (reply.kind !== 'fault') return 'silent';
  return unknownNumber.includes(reply.code) ? 'gone' : 'untold';
}

function numberless({ id }: Opening): Refusal {
  return refuse('gateway-refused', `the gateway's number for ${id} is not known: it ends with its lease`, id);
}

function lostOf({ id }: Opening): Refusal {
  return refuse('gateway-refused', `the gateway is not known to hold ${id} any more: it is to be made anew`, id);
}

function neverUnplaced({ id }: Opening): Refusal {
  return refuse('local-address-needed', 'a UPnP gateway does not find the device by itself', id);
}
