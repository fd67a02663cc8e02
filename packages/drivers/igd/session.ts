import { type GatewaySession, Unreachable } from '@sluice/driver';
import {
  familyOf,
  type Gateway,
  type GrantedOpening,
  type IpAddress,
  type Observed,
  type Outcome,
  refuse,
} from '@sluice/model';
import { applyOneByOne, type Mapper, type PortControlStep } from '@sluice/port-control';
import { getExternalAddress } from '@sluice/wire/igd';
import { askService } from './asking.ts';
import { externalAddressOf, readOr, type WanConnection } from './connection.ts';
import type { Candidate } from './finding.ts';
import type { Firewalls } from './firewalls.ts';
import { checkLife } from './life-check.ts';
import { isForMapping } from './mapping-making.ts';
import type { GatewayMemory } from './memory.ts';
import { seenMappings } from './observing.ts';
import type { GatewayParts } from './parts.ts';
import { pinholeMapper } from './pinhole-mapper.ts';
import { portMapper } from './port-mapper.ts';
import { quirksOf } from './quirks.ts';
import type { StandingPorts } from './standing.ts';
import { isList, mappingTable } from './table.ts';
import { traitsOf } from './traits.ts';

/** The conversation with one gateway that was found. `mapped` is left out where the home has IPv6 alone. */
export function igdSession(
  gateway: Gateway,
  memory: GatewayMemory,
  standing: StandingPorts,
  mapped: Candidate<WanConnection> | undefined,
  firewalls: Firewalls,
): GatewaySession<PortControlStep> {
  const { gatewayId } = gateway;
  const { ports } = standing;
  const { clock, home } = ports;
  const quirks = mapped ? quirksOf(mapped.gateway.identity) : {};

  const parts: GatewayParts = {
    gatewayId,
    clock,
    ports,
    memory,
    quirks,
    from: mapped?.link.from ?? '',
    own: ownAddresses,
    traits,
  };
  const table = mapped && mappingTable(mapped.found, memory, ports, mapped.link.from);
  const mappings = mapped && table && portMapper({ ...parts, connection: mapped.found, table });

  function traits() {
    const families = [...(mapped ? ([4] as const) : []), ...(firewalls.maybe ? ([6] as const) : [])];
    return traitsOf({ families, version: mapped?.found.version, quirks, learned: memory.learned });
  }

  function ownAddresses(): readonly IpAddress[] {
    const inside = [
      mapped?.gateway.place.address,
      firewalls.found?.gateway.place.address,
      ...home().gateways.map(({ address }) => address),
    ];
    return [...new Set([...inside, memory.externalAddress].filter((address) => address !== undefined))];
  }

  /** Openings over IPv6 as pinholes; undefined where the home has no gateway that makes them. */
  async function pinholes(signal: AbortSignal) {
    const found = await firewalls.find(mapped?.gateway.udn, signal);
    const { gateway, link, found: firewall } = found ?? {};
    if (!gateway || !link || !firewall) return undefined;
    return pinholeMapper({ ...parts, quirks: quirksOf(gateway.identity), from: link.from, firewall });
  }

  async function readExternal(signal: AbortSignal): Promise<void> {
    if (!mapped) return;
    const reply = await askService(
      mapped.found,
      getExternalAddress(mapped.found.type),
      ports,
      mapped.link.from,
      signal,
    );
    if (reply.kind === 'lost' || reply.kind === 'not-sent')
      throw new Unreachable(`${gatewayId} does not tell its address: ${reply.reason}`);
    memory.externalAddress = readOr(reply, externalAddressOf);
  }

  const look = (signal: AbortSignal) =>
    checkLife(memory, ports, { ...(mapped ?? firewalls.found), connection: mapped?.found }, signal);

  /** Each opening by the way of its family. */
  const mapper: Mapper = {
    async map(lease, purpose, signal) {
      const way = isForMapping(lease.opening) ? mappings : await pinholes(signal);
      return way?.map(lease, purpose, signal) ?? { kind: 'refused', refusal: noWay(lease.opening) };
    },
    async unmap(opening, signal) {
      const way = isForMapping(opening) ? mappings : await pinholes(signal);
      // Where no way leads in, nothing was made.
      return way?.unmap(opening, signal) ?? { kind: 'gone' };
    },
  };

  async function apply(step: PortControlStep, signal: AbortSignal): Promise<Outcome> {
    // A number of a pinhole, and who may send to a mapping, are good for one life of the gateway.
    if (step.kind === 'renew' || (step.kind === 'close' && !step.openings.every(isForMapping))) await look(signal);
    if (step.kind === 'renew') await readExternal(signal);
    const outcome = await applyOneByOne(step, mapper, signal);
    return outcome.kind === 'applied' ? { ...outcome, seen: true } : outcome;
  }

  async function observe(believed: readonly GrantedOpening[], signal: AbortSignal): Promise<Observed> {
    await look(signal);
    const listed = (await table?.list(signal)) ?? [];
    if (!isList(listed)) throw new Unreachable(`${gatewayId} does not show its mappings: ${listed.reason}`);
    const seen = seenMappings(listed, believed, memory.externalAddress, parts);
    const { ours, unsure } = await seenPinholes(believed, signal);
    return {
      at: clock.now(),
      ours: [...seen.ours, ...ours],
      ...(unsure.length > 0 && { unsure }),
      foreign: seen.foreign,
    };
  }

  /** No gateway lists its pinholes: those whose numbers are known are looked at one by one. */
  async function seenPinholes(believed: readonly GrantedOpening[], signal: AbortSignal) {
    const now = clock.now();
    const ours: { opening: GrantedOpening }[] = [];
    const unsure: GrantedOpening[] = [];
    const unheard = believed.filter(
      (opening) => !isForMapping(opening) && opening.until > now && !memory.pinholes.has(opening.id),
    );
    for (const [id, known] of memory.pinholes) {
      if (known.state === 'closed' || known.opening.until <= now) continue;
      if (known.state !== 'held' || known.life !== memory.life) {
        unsure.push(known.opening);
        continue;
      }
      const look = await (await pinholes(signal))?.look(known, signal);
      if (look === 'silent') throw new Unreachable(`${gatewayId} does not show its pinholes`);
      if (look === 'gone') memory.pinholes.set(id, { state: 'closed', opening: known.opening });
      else ours.push({ opening: known.opening });
    }
    return { ours, unsure: [...unsure, ...unheard] };
  }

  /** In turn, with a fresh look at the home; what is opened after that needs none. */
  const looking = <T>(signal: AbortSignal, act: () => Promise<T>) =>
    memory.turns.take(signal, () => {
      standing.look();
      return act();
    });

  return {
    get traits() {
      return traits();
    },

    addresses: (signal) =>
      looking(signal, async () => {
        await readExternal(signal);
        const global = memory.externalAddress === undefined ? [] : [memory.externalAddress];
        const own = ownAddresses().filter((address) => !global.includes(address));
        return { global, local: home().prefixes, own };
      }),

    observe: (believed, signal) => looking(signal, () => observe(believed, signal)),

    async apply(step, signal) {
      try {
        return await memory.turns.take(signal, () => apply(step, signal));
      } catch (error) {
        // Before anything was asked for.
        if (error instanceof Unreachable)
          return { kind: 'refused', refusal: refuse('gateway-offline', `${gatewayId}: ${error.message}`) };
        return { kind: 'unknown', reason: error instanceof Error ? error.message : String(error) };
      }
    },

    async [Symbol.asyncDispose]() {},
  };
}

function noWay({ id, remote }: Parameters<Mapper['unmap']>[0]) {
  const family = familyOf(remote.address);
  return refuse('trait-missing', `no UPnP gateway of this home opens over IPv${family}`, id);
}
