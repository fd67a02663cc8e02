import { familyOf, type Opening, type Refusal, refuse } from '@sluice/model';
import { cannotHold, type Gone, type Lease, type Mapper, type One, type Purpose } from '@sluice/port-control';
import { anyAddress, type PcpResponse, pcpResult } from '@sluice/wire/pcp';
import { type AskingPorts, askPcp } from './asking.ts';
import { meansNothingThere } from './deletions.ts';
import { grantIn, unfilteredWords } from './grant.ts';
import { type Known, mappingOf, mayBeUnfiltered, optionsOf } from './mapping.ts';
import type { GatewayMemory, ServerMemory } from './memory.ts';
import { offline, refusalOf, stranger } from './refusals.ts';
import { pcpTraits } from './traits.ts';

/** What mappings are made with. */
export interface MapperPorts extends AskingPorts {
  readonly secret: Uint8Array;
  readonly gateway: GatewayMemory;
  /** The gateway's server for a family; undefined where it has none that answers. */
  serverFor(family: 4 | 6): ServerMemory | undefined;
}

/** Openings as MAP requests (RFC 6887 11), one each. */
export function pcpMapper(ports: MapperPorts): Mapper {
  const { clock, gateway, secret } = ports;
  const { book, gatewayId } = gateway;

  async function map(lease: Lease<Known>, purpose: Purpose, signal: AbortSignal): Promise<One> {
    const { opening } = lease;
    const place = placeOf(opening);
    if ('code' in place) return refused(place);
    const no = purpose === 'open' ? unfit(opening) : gone(opening);
    if (no) return refused(no);
    const one = await mapAt(place, lease, purpose, signal);
    const aboutFilter = one.kind === 'refused' && one.refusal.code === 'trait-missing' && !place.server.unfiltered;
    if (!aboutFilter || !mayBeUnfiltered(opening)) return one;
    // Where it goes without, it was FILTER that the gateway does not know.
    place.server.unfiltered = true;
    const wide = await mapAt(place, lease, purpose, signal);
    if (wide.kind === 'refused') place.server.unfiltered = false;
    return wide;
  }

  async function mapAt(place: Place, lease: Lease<Known>, purpose: Purpose, signal: AbortSignal): Promise<One> {
    const { opening } = lease;
    const { server, local } = place;
    const now = clock.now();
    const before = book.of(opening.id, now);
    if (server.unfiltered && !mayBeUnfiltered(opening))
      return refused(refuse('cannot-hold', unfilteredWords, opening.id));
    const mapping = mappingOf(opening, secret);
    const options = optionsOf(opening, !server.unfiltered, before !== undefined || purpose !== 'open');
    const request = JSON.stringify([opening.id, opening.globalPort, server.unfiltered]);
    const held = server.holds.of(everything, now) ?? server.holds.of(request, now);
    if (held) return refused({ ...held, subject: opening.id });
    book.asked(opening, now);
    const question = { lifetime: lease.seconds, body: { kind: 'map', mapping }, local, options } as const;
    const reply = await askPcp(question, server, gateway, ports, signal);
    if (reply.kind === 'lost') return { kind: 'unknown', reason: reply.reason };
    if (reply.kind === 'answer' && !('otherVersion' in reply.answer) && reply.answer.result === pcpResult.success)
      return take(place, lease, reply.answer, signal);
    book.restore(opening.id, before);
    if (reply.kind === 'not-sent') return refused(offline(gatewayId, reply.reason));
    if ('otherVersion' in reply.answer) return refused(stranger(gatewayId, reply.answer.otherVersion));
    const { result, lifetime } = reply.answer;
    const refusal = refusalOf(result, opening.id);
    server.holds.keep(result === pcpResult.noResources ? everything : request, refusal, lifetime, clock.now());
    return refused(refusal);
  }

  async function take(place: Place, lease: Lease<Known>, answer: PcpResponse, signal: AbortSignal): Promise<One> {
    const grant = grantIn(lease, place.local, answer);
    if ('code' in grant) {
      const undone = await unmap(lease.opening, signal);
      if (undone.kind === 'gone') return refused(grant);
      const why = undone.kind === 'refused' ? undone.refusal.message : undone.reason;
      return { kind: 'unknown', reason: `${grant.message}; undoing that: ${why}` };
    }
    place.server.external = grant.global.address;
    book.granted(grant, clock.now());
    return { kind: 'granted', opening: grant };
  }

  async function unmap(opening: Opening, signal: AbortSignal): Promise<Gone> {
    const place = placeOf(opening);
    if ('code' in place) return refused(place);
    const now = clock.now();
    const before = book.of(opening.id, now);
    if (before?.state === 'closed') return { kind: 'gone' };
    book.closing(opening, now);
    // RFC 6887 15: nothing is suggested for what is to go.
    const nowhere = { externalPort: 0, externalAddress: anyAddress(familyOf(opening.remote.address)) };
    const mapping = { ...mappingOf(opening, secret), ...nowhere };
    const question = { lifetime: 0, body: { kind: 'map', mapping }, local: place.local } as const;
    const reply = await askPcp(question, place.server, gateway, ports, signal);
    if (reply.kind === 'lost') return { kind: 'unknown', reason: reply.reason };
    if (reply.kind === 'not-sent') {
      book.restore(opening.id, before);
      return refused(offline(gatewayId, reply.reason));
    }
    const { answer } = reply;
    if ('otherVersion' in answer) return refused(stranger(gatewayId, answer.otherVersion));
    const { result, lifetime } = answer;
    if (result === pcpResult.success && lifetime > 0)
      return refused(
        refuse('gateway-refused', `the gateway keeps ${opening.id} for another ${lifetime} s`, opening.id),
      );
    if (result !== pcpResult.success && !(await meansNothingThere(result, place, gateway, ports, signal)))
      return refused(refusalOf(result, opening.id));
    book.closed(opening, clock.now());
    return { kind: 'gone' };
  }

  function placeOf(opening: Opening): Place | Refusal {
    const family = familyOf(opening.remote.address);
    const server = ports.serverFor(family);
    if (!server) return offline(gatewayId, `nothing answers over IPv${family}`);
    const local = opening.local.address;
    return local === undefined
      ? refuse('local-address-needed', 'a gateway of this type does not find the device by itself', opening.id)
      : { server, local };
  }

  function unfit(opening: Opening): Refusal | undefined {
    const rival = book.rivalOf(opening, clock.now())?.opening.id;
    if (rival === undefined) return cannotHold(opening, pcpTraits);
    return refuse('port-in-use', `the device's port ${opening.local.port} is mapped for ${rival} already`, opening.id);
  }

  /** What was closed is not made anew by moving its end, or by looking. */
  function gone(opening: Opening): Refusal | undefined {
    const state = book.of(opening.id, clock.now())?.state;
    const isGone = state === 'closed' || state === 'closing';
    return isGone ? refuse('gateway-refused', `${opening.id} was closed`, opening.id) : undefined;
  }

  return { map, unmap };
}

/** Where a mapping is asked for: the server, and the device's address. */
export interface Place {
  readonly server: ServerMemory;
  readonly local: string;
}

/** NO_RESOURCES is about every mapping (RFC 6887 7.4). */
const everything = '';

const refused = (refusal: Refusal) => ({ kind: 'refused', refusal }) as const;
