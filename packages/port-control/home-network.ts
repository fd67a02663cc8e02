import type { Family, Gateway, Prefix } from '@sluice/model';
import { isPort, parseIpAddress } from '@sluice/model';
import type { PortControlServer } from './udp.ts';

/** The network that this machine is in, as it matters to its gateway. */
export interface HomeNetwork {
  /** Where default routes lead; at most one of a family, the better first. */
  readonly gateways: readonly { readonly address: string; readonly interface: string }[];
  /** Networks of the interfaces towards them, without link-local ones. */
  readonly prefixes: readonly Prefix[];
}

/** Looks at the network again: addresses come and go. */
export type LookAtHome = () => HomeNetwork;

/**
 * Where a gateway takes requests of a family: as its registration says (`communication.address` or `address6`, and
 * `port`), else where the default route leads. Undefined where neither is known.
 */
export function serverOf(
  { communication }: Gateway,
  family: Family,
  home: HomeNetwork,
  standardPort: number,
): PortControlServer | undefined {
  const port = Number(communication.port ?? standardPort);
  if (!isPort(port)) return undefined;
  const named = parseIpAddress((family === 4 ? communication.address : communication.address6) ?? '');
  if (named !== undefined) return { address: named, port };
  const found = home.gateways.find(({ address }) => address.includes(':') === (family === 6));
  return found && { ...found, port };
}
