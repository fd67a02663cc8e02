import { addressBytes, familyOf, type IpAddress } from '@sluice/model';

/** A WAN connection or a gateway with its best one, as far as it matters to which is taken. */
export interface Choice {
  /** It is where the default route leads. */
  readonly isDefaultRouter: boolean;
  readonly connected: boolean;
  readonly externalAddress: IpAddress | undefined;
  /** The gateway calls it the connection in use. */
  readonly inUse: boolean;
  /** Version of WANIPConnection; 0 for WANPPPConnection. */
  readonly version: number;
}

/** The better first. */
export function byPreference(one: Choice, other: Choice): number {
  const worth = (choice: Choice) => [
    choice.connected,
    choice.isDefaultRouter,
    choice.externalAddress !== undefined && isPublic(choice.externalAddress),
    choice.inUse,
    choice.version,
  ];
  const others = worth(other);
  return worth(one).reduce<number>((order, value, index) => order || Number(others[index]) - Number(value), 0);
}

/** Whether no other choice can be better, so that the rest need not be waited for. */
export function isBest({ isDefaultRouter, connected }: Choice): boolean {
  return isDefaultRouter && connected;
}

/** Whether an IPv4 address can be reached from the internet: not private, a carrier's (RFC 6598), or of no host. */
export function isPublic(address: IpAddress): boolean {
  if (familyOf(address) !== 4) return true;
  const [a = 0, b = 0] = addressBytes(address);
  const special =
    a === 0 ||
    a === 10 ||
    a === 127 ||
    a >= 224 ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168);
  return !special;
}
