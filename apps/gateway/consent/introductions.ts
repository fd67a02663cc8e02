import type { JsonWebKey } from 'node:crypto';
import type { Clock, IpAddress } from '@sluice/model';
import { prefixContains, type Refusal, refuse } from '@sluice/model';
import type { Home } from '../home/home.ts';
import type { LearnedAppliance, LearnedKeys } from './learned-keys.ts';

/** An appliance that introduces itself: its certificate was verified, its address is that of its connection. */
export interface Introduction {
  readonly applianceId: string;
  /** The certificate's key. */
  readonly jwk: JsonWebKey;
  /** The gateway's end and the appliance's end of the connection. */
  readonly to: IpAddress | undefined;
  readonly from: IpAddress | undefined;
}

/** What introductions stand on. */
export interface IntroductionGround {
  readonly home: Home;
  readonly keys: Pick<LearnedKeys, 'introduce'>;
  readonly clock: Clock;
}

/** How long the neighbour table may take to tell of a device whose packets have come already, ms. */
const neighbourMs = 1_000;

/** Learns the key of an appliance that is in this home; the refusal says why not. */
export async function takeIntroduction(
  { applianceId, jwk, to, from }: Introduction,
  { home, keys, clock }: IntroductionGround,
): Promise<LearnedAppliance | Refusal> {
  const { interfaces, local } = home.networks;
  const ownInside = interfaces.flatMap(({ side, addresses }) => (side === 'lan' ? addresses : []));
  const isInside =
    ownInside.some(({ address }) => address === to) &&
    from !== undefined &&
    local.some((prefix) => prefixContains(prefix, from));
  if (!isInside || from === undefined)
    return refuse('not-permitted', 'appliances introduce themselves from inside the home, at the address it has there');
  const device = home.neighbours.deviceOf(from) ?? (await untilSeen(from, home, clock));
  if (device === undefined) return refuse('device-not-found', `the hardware address of ${from} is not known yet`);
  return keys.introduce(applianceId, jwk, device, clock.now());
}

/** The kernel knows the device before its packets are answered; word of it may be under way. */
function untilSeen(address: IpAddress, home: Home, clock: Clock): Promise<string | undefined> {
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      stop();
      resolve(home.neighbours.deviceOf(address));
    };
    const cancel = clock.after(neighbourMs, end);
    const stop = home.observe(() => {
      if (home.neighbours.deviceOf(address) !== undefined) end();
    });
  });
}
