import { type GatewaySession, Unreachable } from '@sluice/driver';
import {
  type Clock,
  type Gateway,
  type GatewayAddresses,
  type GrantedOpening,
  type Opening,
  type Outcome,
  type Refusal,
  refuse,
} from '@sluice/model';
import { type GatewayInterfaces, readAddresses } from './addresses.ts';
import { createElement, deleteElement, listTable } from './commands.ts';
import { type Element, elementsOf } from './elements.ts';
import { grantOf } from './grants.ts';
import { heldIn } from './held.ts';
import { readListing } from './listing.ts';
import { keepHooks, type TakenPlace } from './place.ts';
import type { Lease, SshNftStep } from './plan.ts';
import type { RemoteResult, SshLink } from './port.ts';
import { firstLine, remotely } from './remotely.ts';
import { sshFirewallTraits, sshNftTraits } from './traits.ts';

/** What a conversation stands on. */
export interface SshNftGround {
  readonly gateway: Gateway;
  readonly link: SshLink;
  readonly place: TakenPlace;
  readonly interfaces: GatewayInterfaces;
  readonly clock: Clock;
}

/** A gateway's own addresses. Throws `Unreachable`. */
export async function askAddresses(
  link: SshLink,
  gatewayId: string,
  interfaces: GatewayInterfaces,
  signal: AbortSignal,
): Promise<GatewayAddresses> {
  const { status, stdout, stderr } = await remotely(link, { what: 'addresses' }, signal);
  if (status !== 0) throw new Unreachable(`${gatewayId} does not tell its addresses: ${firstLine(stderr)}`);
  return readAddresses(stdout, interfaces);
}

/** The conversation with one gateway, whose table is in place. */
export function sshNftSession({ gateway, link, place, interfaces, clock }: SshNftGround): GatewaySession<SshNftStep> {
  const { ruleset, hooks } = place;
  const { table } = ruleset;
  const nft = (text: string, signal: AbortSignal) => remotely(link, { what: 'nft', text }, signal);
  let known: GatewayAddresses | undefined;

  async function readNow(signal: AbortSignal): Promise<GatewayAddresses> {
    known = await askAddresses(link, gateway.gatewayId, interfaces, signal);
    return known;
  }

  async function open(leases: readonly Lease<Opening>[], signal: AbortSignal): Promise<Outcome> {
    const addresses = known ?? (await readNow(signal));
    const granted: GrantedOpening[] = [];
    for (const { opening } of leases) {
      const grant = grantOf(opening, addresses, ruleset.translates);
      if ('code' in grant) return { kind: 'refused', refusal: grant };
      granted.push(grant);
    }
    const lines: Line[] = granted.flatMap((opening, index) =>
      elementsOf(opening, ruleset).map((element) => ({
        opening,
        element,
        text: createElement(table, element, leases[index]?.seconds ?? 1),
      })),
    );
    // At once: what comes before the other firewall knows is dropped by it.
    const [result] = await Promise.all([nft(textOf(lines), signal), keepHooks(link, hooks, signal)]);
    if (result.status === 0) return { kind: 'applied', granted };
    return { kind: 'refused', refusal: whyNotOpened(result, lines) };
  }

  async function renew(leases: readonly Lease<GrantedOpening>[], signal: AbortSignal): Promise<Outcome> {
    const lines: Line[] = leases.flatMap(({ opening, seconds }) =>
      elementsOf(opening, ruleset)
        .filter(({ leased }) => leased)
        .flatMap((element) => [
          { opening, element, text: deleteElement(table, element) },
          { opening, element, text: createElement(table, element, seconds) },
        ]),
    );
    const result = await nft(textOf(lines), signal);
    if (result.status === 0) return { kind: 'applied', granted: leases.map(({ opening }) => opening) };
    const message = `the gateway no longer holds it as it was (${firstLine(result.stderr)})`;
    return { kind: 'refused', refusal: refuse('gateway-refused', message, failedLine(result, lines)?.opening.id) };
  }

  /** What ran out meanwhile makes a transaction fail; what is there still is looked up then, and taken away. */
  async function close(openings: readonly GrantedOpening[], signal: AbortSignal): Promise<Outcome> {
    const elements = openings.flatMap((opening) => elementsOf(opening, ruleset));
    const all = await nft(elements.map((element) => deleteElement(table, element)).join(''), signal);
    if (all.status === 0) return { kind: 'applied', granted: [] };
    const listed = await nft(listTable(table), signal);
    if (listed.status !== 0) return unknown(firstLine(listed.stderr));
    const there = readListing(listed.stdout);
    const left = elements.filter(({ set, key }) => there.get(set)?.some((each) => each.key.join(' . ') === key));
    if (left.length === 0) return { kind: 'applied', granted: [] };
    const rest = await nft(left.map((element) => deleteElement(table, element)).join(''), signal);
    return rest.status === 0 ? { kind: 'applied', granted: [] } : unknown(firstLine(rest.stderr));
  }

  function take(step: SshNftStep, signal: AbortSignal): Promise<Outcome> {
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
    traits: ruleset.translates ? sshNftTraits : sshFirewallTraits,

    addresses: readNow,

    async observe(_believed, signal) {
      const { status, stdout, stderr } = await nft(listTable(table), signal);
      if (status !== 0) throw new Unreachable(`${gateway.gatewayId} cannot be read: ${firstLine(stderr)}`);
      const at = clock.now();
      return { at, ...heldIn(readListing(stdout), ruleset, at) };
    },

    async apply(step, signal) {
      try {
        signal.throwIfAborted();
        return await take(step, signal);
      } catch (error) {
        if (error instanceof Unreachable)
          return { kind: 'refused', refusal: refuse('gateway-offline', `${gateway.gatewayId}: ${error.message}`) };
        return unknown(error instanceof Error ? error.message : String(error));
      }
    },

    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}

/** A command, and what it is for: nft(8) names the line that failed. */
interface Line {
  readonly opening: GrantedOpening;
  readonly element: Element;
  readonly text: string;
}

const textOf = (lines: readonly Line[]) => lines.map(({ text }) => text).join('');

const unknown = (reason: string): Outcome => ({ kind: 'unknown', reason });

function failedLine({ stderr }: RemoteResult, lines: readonly Line[]): Line | undefined {
  const number = /^\/dev\/stdin:(\d+):/.exec(stderr)?.[1];
  return number === undefined ? undefined : lines[Number(number) - 1];
}

function whyNotOpened(result: RemoteResult, lines: readonly Line[]): Refusal {
  const failed = failedLine(result, lines);
  const { opening } = failed ?? {};
  if (failed && opening && /File exists/.test(result.stderr)) {
    const isPort = /^(?:in|out)/.test(failed.element.set);
    return isPort
      ? refuse('port-in-use', `the global port ${opening.globalPort} is taken for that server`, opening.id)
      : refuse('request-conflict', `the gateway holds an opening ${opening.id} already`, opening.id);
  }
  return refuse('gateway-refused', firstLine(result.stderr), opening?.id);
}
