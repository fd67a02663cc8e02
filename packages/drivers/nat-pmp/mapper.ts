import {
  familyOf,
  type GrantedOpening,
  type IpAddress,
  type Opening,
  plainTransportOf,
  type Refusal,
  refuse,
} from '@sluice/model';
import {
  cannotHold,
  endOf,
  type Gone,
  isGranted,
  type Lease,
  type Mapper,
  type One,
  type Purpose,
} from '@sluice/port-control';
import { type NatPmpResponse, natPmpResult } from '@sluice/wire/natpmp';
import { type AskingPorts, askNatPmp } from './asking.ts';
import type { GatewayMemory } from './memory.ts';
import { offline, refusalOf } from './refusals.ts';
import { natPmpTraits } from './traits.ts';

/** What mappings are made with. */
export interface MapperPorts extends AskingPorts {
  readonly memory: GatewayMemory;
  /** The gateway's global address; undefined where it does not tell. */
  globalAddress(signal: AbortSignal): Promise<IpAddress | undefined>;
}

/** Openings as requests to map (RFC 6886 3.3), one each. */
export function natPmpMapper(ports: MapperPorts): Mapper {
  const { clock, memory } = ports;
  const { book, gatewayId } = memory;

  async function map(lease: Lease<Opening>, purpose: Purpose, signal: AbortSignal): Promise<One> {
    const { opening } = lease;
    const no = unfit(opening, purpose);
    if (no) return refused(no);
    if ((await ports.globalAddress(signal)) === undefined)
      return refused(offline(gatewayId, 'it does not tell its global address'));
    const now = clock.now();
    const before = book.of(opening.id, now);
    book.asked(opening, now);
    const request = requestOf(opening, opening.globalPort ?? opening.local.port, lease.seconds);
    const reply = await askNatPmp(request, opening.local.address, memory, ports, signal);
    if (reply.kind === 'lost') return { kind: 'unknown', reason: reply.reason };
    if (reply.kind === 'answer' && reply.answer.result === natPmpResult.success)
      return take(lease, reply.answer, signal);
    book.restore(opening.id, before);
    if (reply.kind === 'not-sent') return refused(notSent(opening, reply));
    return refused(refusalOf(reply.answer.result, opening.id));
  }

  /** A success, held against what was asked: what is something else is undone. */
  async function take(lease: Lease<Opening>, answer: NatPmpResponse, signal: AbortSignal): Promise<One> {
    // Where the answer showed that the gateway began anew, it may have another address.
    const address = await ports.globalAddress(signal);
    if (address === undefined) return { kind: 'unknown', reason: 'the gateway no longer tells its global address' };
    const grant = grantIn(lease, address, answer);
    if ('code' in grant) {
      const undone = await unmap(lease.opening, signal);
      if (undone.kind === 'gone') return refused(grant);
      const why = undone.kind === 'refused' ? undone.refusal.message : undone.reason;
      return { kind: 'unknown', reason: `${grant.message}; undoing that: ${why}` };
    }
    book.granted(grant, clock.now());
    return { kind: 'granted', opening: grant };
  }

  async function unmap(opening: Opening, signal: AbortSignal): Promise<Gone> {
    const now = clock.now();
    const before = book.of(opening.id, now);
    if (before?.state === 'closed') return { kind: 'gone' };
    book.closing(opening, now);
    const reply = await askNatPmp(requestOf(opening, 0, 0), opening.local.address, memory, ports, signal);
    if (reply.kind === 'lost') return { kind: 'unknown', reason: reply.reason };
    if (reply.kind === 'not-sent') {
      book.restore(opening.id, before);
      return refused(notSent(opening, reply));
    }
    const { answer } = reply;
    if (answer.result !== natPmpResult.success) return refused(refusalOf(answer.result, opening.id));
    if (answer.kind === 'map' && answer.lifetime > 0) {
      const message = `the gateway keeps ${opening.id} for another ${answer.lifetime} s`;
      return refused(refuse('gateway-refused', message, opening.id));
    }
    book.closed(opening, clock.now());
    return { kind: 'gone' };
  }

  function notSent(
    opening: Opening,
    { reason, notOurs }: { readonly reason: string; readonly notOurs?: true },
  ): Refusal {
    if (!notOurs) return offline(gatewayId, reason);
    const message = `NAT-PMP maps ports of the machine that asks, and ${opening.local.address} is none of its addresses`;
    return refuse('trait-missing', message, opening.id);
  }

  function unfit(opening: Opening, purpose: Purpose): Refusal | undefined {
    const now = clock.now();
    if (familyOf(opening.remote.address) !== 4)
      return refuse('trait-missing', 'NAT-PMP maps ports of IPv4 alone', opening.id);
    if (opening.local.address === undefined)
      return refuse('local-address-needed', 'a gateway of this type does not find the device by itself', opening.id);
    if (purpose !== 'open') {
      const state = book.of(opening.id, now)?.state;
      const isGone = state === 'closed' || state === 'closing';
      return isGone ? refuse('gateway-refused', `${opening.id} was closed`, opening.id) : undefined;
    }
    const rival = book.rivalOf(opening, now)?.opening.id;
    if (rival === undefined) return cannotHold(opening, natPmpTraits);
    return refuse('port-in-use', `the device's port ${opening.local.port} is mapped for ${rival} already`, opening.id);
  }

  return { map, unmap };
}

/** What a success grants; a refusal where that is something else than was asked, which is to be undone then. */
function grantIn(lease: Lease<Opening>, address: IpAddress, answer: NatPmpResponse): GrantedOpening | Refusal {
  const { opening } = lease;
  const no = (code: 'gateway-refused' | 'port-in-use', message: string) => refuse(code, message, opening.id);
  const local = opening.local.address;
  if (local === undefined || answer.kind !== 'map' || answer.externalPort === 0 || answer.lifetime === 0)
    return no('gateway-refused', `the gateway says success and grants nothing for ${opening.id}`);
  const { externalPort: port } = answer;
  if (opening.globalPort !== undefined && opening.globalPort !== port)
    return no('port-in-use', `the global port ${opening.globalPort} is taken; the gateway offers ${port} instead`);
  // What was never answered is believed to be at the device's own address.
  const before = isGranted(opening) && opening.global.address !== local ? opening.global.address : address;
  if (before !== address)
    return no('gateway-refused', `the gateway's global address is ${address} now, and was ${before}`);
  return {
    ...opening,
    local: { address: local, port: opening.local.port },
    global: { address, port },
    globalPort: port,
    until: endOf(lease, answer.lifetime),
  };
}

function requestOf({ streamType, local }: Opening, externalPort: number, lifetime: number) {
  const protocol = plainTransportOf(streamType);
  return { kind: 'map', protocol, internalPort: local.port, externalPort, lifetime } as const;
}

const refused = (refusal: Refusal) => ({ kind: 'refused', refusal }) as const;
