import type { LinkAnswer } from '@sluice/api';
import { type Driver, type GatewaySession, Unreachable, Untrusted } from '@sluice/driver';
import {
  type Clock,
  type ConfigurationChange,
  type Gateway,
  type GatewayAddresses,
  type GrantedOpening,
  isSecretMember,
  type Observed,
  type Outcome,
  refuse,
  type Traits,
} from '@sluice/model';
import { AnswerLost, type ApplianceLink, type Question } from './link.ts';
import type { ApplianceLinks } from './links.ts';

/** A whole change: the appliance makes the native steps of it. */
export type ApplianceStep = Pick<ConfigurationChange, 'open' | 'renew' | 'close'>;

/** What gateways that are spoken to through appliances need. */
export interface ByAppliancePorts {
  readonly links: ApplianceLinks;
  readonly clock: Clock;
  /** Longest wait for one answer, ms. */
  readonly exchangeMs: number;
}

/** Longest wait for an appliance that is not connected, ms: it connects before it asks. */
const arrivalMs = 2_000;

/**
 * A type whose gateways answer only inside the home: the appliance there runs its driver, and is sent the whole change.
 * It takes back what it cannot finish, so that a change holds altogether or not at all whatever the type; what it says
 * is an appliance's word, to be checked from outside.
 */
export function byAppliance(
  { type, traits }: Pick<Driver, 'type' | 'traits'>,
  ports: ByAppliancePorts,
): Driver<ApplianceStep> {
  return {
    type,
    traits: throughAppliance(traits),
    plan: ({ open, renew, close }) => ({
      steps: open.length + renew.length + close.length === 0 ? [] : [{ open, renew, close }],
    }),
    async connect(gateway, signal) {
      const { appliance } = gateway.communication;
      if (appliance === undefined) throw new Unreachable(`no appliance speaks to ${gateway.gatewayId}`);
      await arrival(ports, appliance, signal);
      return applianceSession(gateway, appliance, throughAppliance(traits), ports);
    },
  };
}

function throughAppliance(traits: Traits): Traits {
  const { ipv6, ...rest } = { ...traits, atomic: true, ackMeansHeld: false };
  if (!ipv6) return rest;
  const { atomic: _, ackMeansHeld: _word, ...different } = ipv6;
  return { ...rest, ipv6: different };
}

async function arrival({ links, clock }: ByAppliancePorts, applianceId: string, signal: AbortSignal): Promise<void> {
  const patience = new AbortController();
  const late = new Unreachable(`the appliance ${applianceId}, which speaks to it, is not connected`);
  const cancel = clock.after(arrivalMs, () => patience.abort(late));
  try {
    await links.arrival(applianceId, AbortSignal.any([signal, patience.signal]));
  } finally {
    cancel();
  }
}

function applianceSession(
  gateway: Gateway,
  applianceId: string,
  ofType: Traits,
  { links, clock, exchangeMs }: ByAppliancePorts,
): GatewaySession<ApplianceStep> {
  const { gatewayId, type, communication } = gateway;
  const shown = Object.entries(communication).filter(([name]) => !isSecretMember(type, name));
  const meant = { gatewayId, type, communication: Object.fromEntries(shown) };
  let traits = ofType;
  /** Which of the appliance's programs opened what: it alone knows how to go on with it. */
  const openedBy = new Map<string, ApplianceLink>();

  function newest(): ApplianceLink {
    const [link] = links.of(applianceId);
    if (!link) throw new Unreachable(`the appliance ${applianceId} is not connected`);
    return link;
  }
  const linkOf = ({ id }: GrantedOpening): ApplianceLink => {
    const link = openedBy.get(id);
    return link?.isUp ? link : newest();
  };

  async function ask(link: ApplianceLink, question: About, signal: AbortSignal): Promise<LinkAnswer['answer']> {
    const asked = { ...question, now: clock.now(), withinMs: exchangeMs, gateway: meant } as unknown as Question;
    const answer = await link.ask(asked, signal);
    if (answer.traits) traits = throughAppliance(answer.traits as Traits);
    const { kind } = answer.answer;
    if (kind === 'unreachable') throw new Unreachable(answer.answer.reason);
    if (kind === 'untrusted') throw new Untrusted(answer.answer.reason);
    return answer.answer;
  }

  async function change(link: ApplianceLink, step: ApplianceStep, signal: AbortSignal): Promise<Outcome> {
    try {
      const answer = await ask(link, { ask: 'apply', ...step }, signal);
      if (answer.kind !== 'outcome') return { kind: 'unknown', reason: `the appliance answers ${answer.kind}` };
      const outcome = answer.outcome as Outcome;
      if (outcome.kind === 'applied') for (const { id } of step.close) openedBy.delete(id);
      if (outcome.kind === 'applied') for (const { id } of outcome.granted) openedBy.set(id, link);
      return outcome;
    } catch (error) {
      if (error instanceof Unreachable) return offline(gatewayId, error.message);
      return { kind: 'unknown', reason: error instanceof Error ? error.message : String(error) };
    }
  }

  return {
    get traits() {
      return traits;
    },

    async addresses(signal) {
      const answer = await asking(() => ask(newest(), { ask: 'addresses' }, signal));
      if (answer.kind === 'addresses') return answer.addresses as GatewayAddresses;
      throw new Unreachable(`the appliance answers ${answer.kind}`);
    },

    async observe(believed, signal) {
      const groups = Map.groupBy(believed, linkOf);
      if (groups.size === 0) groups.set(newest(), []);
      const seen = [];
      for (const [link, some] of groups) {
        const answer = await asking(() => ask(link, { ask: 'observe', believed: some }, signal));
        if (answer.kind !== 'observed') throw new Unreachable(`the appliance answers ${answer.kind}`);
        seen.push(answer.observed as Observed);
      }
      return together(seen, clock.now());
    },

    async apply(step, signal) {
      const [first, ...others] = links.of(applianceId);
      if (!first) return offline(gatewayId, `the appliance ${applianceId} is not connected`);
      const parts = partsOf(step, linkOf);
      // What one program does of it goes in one message.
      const own = { ...(parts.get(first) ?? nothing), open: step.open };
      parts.delete(first);
      const granted: GrantedOpening[] = [];
      for (const [link, part] of parts) {
        const outcome = await change(link, part, signal);
        if (outcome.kind !== 'applied') return outcome;
        granted.push(...outcome.granted);
      }
      if (own.open.length + own.renew.length + own.close.length === 0) return { kind: 'applied', granted };
      let outcome = await change(first, own, signal);
      // Another program of this appliance may have asked for what is to be opened.
      const alone = own.renew.length + own.close.length === 0;
      for (const link of alone ? others : []) {
        if (outcome.kind !== 'refused' || outcome.refusal.code !== 'not-asked-for') break;
        outcome = await change(link, own, signal);
      }
      return outcome.kind === 'applied' ? { ...outcome, granted: [...granted, ...outcome.granted] } : outcome;
    },

    async [Symbol.asyncDispose]() {},
  };
}

/** A question, before it has the members that all have. */
type About =
  | { readonly ask: 'addresses' }
  | { readonly ask: 'observe'; readonly believed: readonly GrantedOpening[] }
  | ({ readonly ask: 'apply' } & ApplianceStep);

/** Looking changes nothing: no answer is as good as no connection. */
async function asking<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof AnswerLost) throw new Unreachable(error.message);
    throw error;
  }
}

function together(seen: readonly Observed[], now: number): Observed {
  const unsure = seen.flatMap((each) => each.unsure ?? []);
  return {
    at: Math.min(now, ...seen.map(({ at }) => at)),
    ours: seen.flatMap(({ ours }) => ours),
    foreign: Math.max(0, ...seen.map(({ foreign }) => foreign)),
    ...(unsure.length > 0 && { unsure }),
  };
}

const nothing: ApplianceStep = { open: [], renew: [], close: [] };

/** What of a step each link has to go on with. */
function partsOf(
  step: ApplianceStep,
  linkOf: (opening: GrantedOpening) => ApplianceLink,
): Map<ApplianceLink, ApplianceStep> {
  const parts = new Map<ApplianceLink, ApplianceStep>();
  const add = (link: ApplianceLink, more: Partial<ApplianceStep>) => {
    const { renew, close } = parts.get(link) ?? nothing;
    parts.set(link, { open: [], renew: [...renew, ...(more.renew ?? [])], close: [...close, ...(more.close ?? [])] });
  };
  for (const entry of step.renew) add(linkOf(entry.opening), { renew: [entry] });
  for (const opening of step.close) add(linkOf(opening), { close: [opening] });
  return parts;
}

function offline(gatewayId: string, reason: string): Outcome {
  return { kind: 'refused', refusal: refuse('gateway-offline', `${gatewayId} cannot be spoken to: ${reason}`) };
}
