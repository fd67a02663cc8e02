import type { Driver, GatewaySession } from '@sluice/driver';
import type { Gateway, Outcome } from '@sluice/model';
import type { PortControlStep } from '@sluice/port-control';

/** A conversation through another driver, whose traits it tells: what was planned for PCP is planned anew for it. */
export async function fallBackSession(
  driver: Driver,
  gateway: Gateway,
  signal: AbortSignal,
): Promise<GatewaySession<PortControlStep>> {
  const session = await driver.connect(gateway, signal);
  return {
    traits: session.traits ?? driver.traits,
    addresses: (end) => session.addresses(end),
    observe: (believed, end) => session.observe(believed, end),
    async apply(step, end) {
      const nothing = { gateway, open: [], renew: [], close: [] };
      const { change, now } = changeOf(step);
      let outcome: Outcome = { kind: 'applied', granted: [] };
      for (const native of driver.plan({ ...nothing, ...change }, undefined, now).steps) {
        const done = await session.apply(native, end);
        if (done.kind !== 'applied') return done;
        outcome = { kind: 'applied', granted: [...outcome.granted, ...done.granted] };
      }
      return outcome;
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

/** The change that a step came from, and when that was planned: so many seconds before its leases end. */
function changeOf(step: PortControlStep) {
  if (step.kind === 'close') return { change: { close: step.openings }, now: 0 };
  const [first] = step.leases;
  const now = first ? first.opening.until - first.seconds * 1_000 : 0;
  if (step.kind === 'open') return { change: { open: step.leases.map(({ opening }) => opening) }, now };
  return { change: { renew: step.leases.map(({ opening }) => ({ opening, until: opening.until })) }, now };
}
