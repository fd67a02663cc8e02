import { waitFor } from './bounded.ts';
import type { Control, GatewayStatus, Reconciliation } from './control.ts';
import { Deadlines } from './deadlines.ts';
import { forgetEnded } from './forgetting.ts';
import { GatewayLinks, isThroughAppliance } from './gateways/links.ts';
import type { ControlPorts } from './ports.ts';
import { Registrations } from './registration/registrations.ts';
import { halvesOf } from './sessions/calling.ts';
import { Leases } from './sessions/leases.ts';
import { LiveSessions } from './sessions/live-sessions.ts';
import { Proposals } from './sessions/proposing.ts';
import { Records } from './sessions/records.ts';
import { Restoring } from './sessions/restoring.ts';
import { Sessions } from './sessions/sessions.ts';
import type { Workings } from './sessions/workings.ts';
import { type ControlSettings, completeSettings } from './settings.ts';

/**
 * Takes up the sessions that the store remembers and begins. Disposing ends every wait and writes what is still to be
 * written; the store stays open, it is its opener's.
 */
export async function openControl(ports: ControlPorts, given?: Partial<ControlSettings>): Promise<Control> {
  const settings = completeSettings(given);
  const { clock, log, store } = ports;
  const stop = new AbortController();
  const deadlines = new Deadlines(clock);
  const w: Workings = {
    clock,
    log,
    settings,
    random: ports.random ?? strongRandom,
    tell: ports.tell ?? (() => {}),
    probe: ports.probe,
    links: new GatewayLinks(ports.drivers, clock, log, settings.exchangeMs),
    live: new LiveSessions(),
    records: new Records(store, clock, deadlines, log),
    deadlines,
    stopped: stop.signal,
  };
  const registrations = new Registrations(store, (gateway) => w.links.redirect(gateway));
  const leases = new Leases(w, ({ link }) => restoring.putRightSoon(link));
  const restoring = new Restoring(w, leases);
  const proposals = new Proposals(w);
  const sessions = new Sessions(w, store, registrations, leases);
  await sessions.takeUp();
  forgetEnded(w, store);

  async function gatewayCameBack(gatewayId: string, signal: AbortSignal): Promise<Reconciliation> {
    const gateway = await registrations.gateway(gatewayId);
    const link = gateway && !isThroughAppliance(gateway) && w.links.to(gateway, '');
    if (!link) {
      log.warn({ gatewayId }, 'a gateway that is not registered connected');
      return { complete: false, removed: 0, putBack: 0, held: 0, foreign: 0 };
    }
    link.drop('it connected anew');
    return waitFor(signal, () => restoring.putRight(link));
  }

  async function applianceCameBack(applianceId: string, signal: AbortSignal): Promise<Reconciliation> {
    const gateway = await registrations.gatewayOf(applianceId);
    const nothing = { complete: true, removed: 0, putBack: 0, held: 0, foreign: 0 };
    if ('code' in gateway || !isThroughAppliance(gateway)) return nothing;
    const link = w.links.to(gateway, applianceId);
    // An appliance that has no session connects to ask for one: that needs no look at its gateway.
    if (!link || w.live.ofLink(link).every(({ session }) => session.state === 'opening')) return nothing;
    link.drop('its appliance connected anew');
    return waitFor(signal, () => restoring.putRight(link));
  }

  async function applianceLost(applianceId: string): Promise<void> {
    const gateway = await registrations.gatewayOf(applianceId);
    if ('code' in gateway || !isThroughAppliance(gateway)) return;
    w.links.to(gateway, applianceId)?.drop('its appliance is gone');
  }

  function gatewayStatus(gatewayId: string): GatewayStatus {
    return { ...w.links.statusOf(gatewayId), openings: w.live.openingsOf('gateway', gatewayId) };
  }

  return {
    registrations,
    async open(request, signal, admit) {
      const verdict = await sessions.open(request, signal, admit);
      if (verdict.kind === 'refused' && !verdict.session)
        w.tell({ event: 'turned-away', request, refusal: verdict.refusal });
      return verdict;
    },
    async openCall(call, signal, admit) {
      const verdict = await sessions.openCall(call, signal, admit);
      const halves = halvesOf(call);
      if (verdict.kind === 'refused' && !verdict.session && !('code' in halves))
        w.tell({ event: 'turned-away', request: halves[0], refusal: verdict.refusal });
      return verdict;
    },
    async proposeCall(caller, callee) {
      const paths = [registrations.pathOf(caller.applianceId), registrations.pathOf(callee.applianceId)] as const;
      return proposals.propose(caller, callee, ...(await Promise.all(paths)));
    },
    close: (sessionId, reason, signal) => sessions.close(sessionId, reason, signal),
    session: (sessionId) => sessions.session(sessionId),
    look: (sessionId, signal) => sessions.look(sessionId, signal),
    async sessions(query) {
      await w.records.flush();
      return store.sessions(query);
    },
    async openings(query) {
      await w.records.flush();
      return store.openings(query);
    },
    gatewayCameBack,
    gatewayLost(gatewayId) {
      for (const link of w.links.ofGateway(gatewayId)) link.drop('its connection is gone');
    },
    applianceCameBack,
    applianceLost,
    openingsGone: (gatewayId, openingIds) => sessions.openingsGone(gatewayId, openingIds),
    gatewayStatus,
    async status() {
      await w.records.flush();
      const counts = await store.counts();
      return {
        ...counts,
        sessions: { ...counts.sessions, opening: w.live.countOf('opening') },
        online: w.links.online,
      };
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('the configuration server stops'));
      const verdicts = [...w.live.all()].flatMap(({ verdict, closing }) => [verdict, closing]);
      await Promise.allSettled(verdicts);
      await w.records.flush();
      deadlines[Symbol.dispose]();
      w.links[Symbol.dispose]();
    },
  };
}

/** Uniform in [0, 1), 32 bits from the platform's strong source. */
function strongRandom(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;
}
