import { type Driver, Unreachable } from '@sluice/driver';
import { igdTraits } from '@sluice/drivers/igd';
import { sluiceTraits } from '@sluice/drivers/sluice';
import { sshNftTraits } from '@sluice/drivers/ssh-nft';
import { uspTraits } from '@sluice/drivers/usp';
import type { Clock, Gateway, GatewayType, IpAddress, Traits } from '@sluice/model';

/** How a gateway behaves when it is connected to. */
export interface Behaviour {
  /** Until it answers; left out, at once. `never` heeds being given up, `deaf` does not. */
  readonly after?: number | 'never' | 'deaf';
  /** Its global addresses, or why it cannot be reached. */
  readonly answer?: readonly IpAddress[] | Error;
}

/** What became of conversations. */
export interface Twins {
  readonly drivers: readonly Driver[];
  /** Gateways that were connected to, in order. */
  readonly dialled: string[];
  /** Conversations that were begun and not left. */
  readonly open: Set<string>;
  /** Dials that were given up before they came to anything. */
  readonly givenUp: string[];
  /** Lets a `deaf` gateway answer at last. */
  wake(gatewayId: string): void;
}

const traits: Partial<Readonly<Record<GatewayType, Traits>>> = {
  sluice: sluiceTraits,
  'ssh-nft': sshNftTraits,
  usp: uspTraits,
  cwmp: { ...uspTraits, symmetricSource: false, lease: { leastSeconds: 1, mostSeconds: 60 } },
  igd: igdTraits,
};

/** Drivers of gateways that are in memory alone. */
export function twinDrivers(clock: Clock, behaviours: Readonly<Record<string, Behaviour>>): Twins {
  const dialled: string[] = [];
  const open = new Set<string>();
  const givenUp: string[] = [];
  const deaf = new Map<string, () => void>();

  const reached = ({ gatewayId }: Gateway, signal: AbortSignal): Promise<void> => {
    const { after = 0 } = behaviours[gatewayId] ?? {};
    return new Promise((resolve, reject) => {
      if (after === 'deaf') return void deaf.set(gatewayId, resolve);
      const giveUp = () => {
        givenUp.push(gatewayId);
        reject(new Unreachable('given up'));
      };
      signal.addEventListener('abort', giveUp, { once: true });
      if (after === 'never') return;
      const done = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      if (after === 0) done();
      else clock.after(after, done);
    });
  };

  const drivers = Object.entries(traits).map(
    ([type, its]): Driver => ({
      type: type as GatewayType,
      traits: its,
      plan: () => ({ steps: [] }),
      async connect(gateway, signal) {
        const { gatewayId } = gateway;
        dialled.push(gatewayId);
        await reached(gateway, signal);
        const { answer = ['198.51.100.7'] } = behaviours[gatewayId] ?? {};
        if (answer instanceof Error) throw answer;
        open.add(gatewayId);
        return {
          addresses: async () => ({ global: answer, local: [], own: [] }),
          observe: async () => ({ at: clock.now(), ours: [], foreign: 0 }),
          apply: async () => ({ kind: 'unknown', reason: 'nothing is applied here' }),
          async [Symbol.asyncDispose]() {
            open.delete(gatewayId);
          },
        };
      },
    }),
  );
  return { drivers, dialled, open, givenUp, wake: (gatewayId) => deaf.get(gatewayId)?.() };
}
