import type { GatewaySession } from '@sluice/driver';
import type { GrantedOpening, Opening, Outcome, Refusal } from '@sluice/model';
import { type PortControlStep, planPortControl } from '../index.ts';

/** An opening towards this machine, for two minutes. */
export function wanted(now: number, n = 0, change: Partial<Opening> = {}): Opening {
  return {
    id: `s1-${n}`,
    streamType: 'udp',
    remote: { address: '203.0.113.10', port: 7000 + n },
    local: { address: '127.0.0.1', port: 5000 + n },
    until: now + 120_000,
    ...change,
  };
}

/** Plans a change from `now` and does it, with little patience. */
export async function change(
  session: GatewaySession<PortControlStep>,
  now: number,
  parts: { open?: Opening[]; close?: GrantedOpening[]; renew?: { opening: GrantedOpening; until: number }[] },
  mostMs = 300,
): Promise<Outcome> {
  const gateway = { gatewayId: 'home-1', type: 'pcp', communication: {} } as const;
  const plan = planPortControl({ gateway, open: [], close: [], renew: [], ...parts }, now);
  let last: Outcome = { kind: 'applied', granted: [] };
  for (const step of plan.steps) {
    last = await session.apply(step, AbortSignal.timeout(mostMs));
    if (last.kind !== 'applied') break;
  }
  return last;
}

/** What was granted. Throws where the outcome is another. */
export function grants(outcome: Outcome): [GrantedOpening, ...GrantedOpening[]] {
  if (outcome.kind !== 'applied') throw new Error(JSON.stringify(outcome));
  return outcome.granted as [GrantedOpening, ...GrantedOpening[]];
}

/** The refusal. Throws where the outcome is another. */
export function refusalIn(outcome: Outcome): Refusal {
  if (outcome.kind !== 'refused') throw new Error(JSON.stringify(outcome));
  return outcome.refusal;
}
