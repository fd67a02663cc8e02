import type { GatewayType, PromiseName } from '@sluice/model';
import type { BuiltNetwork } from '../build.ts';
import type { Internet } from '../topologies/pieces.ts';

/** A gateway that stands in a home of the lab in place of our agent. Disposing ends it. */
export interface ForeignGateway extends AsyncDisposable {
  /** How many openings its kernel holds, as nft(8) lists them: it is not asked itself. */
  openings(signal: AbortSignal): Promise<number>;
  /** It loses power, and is there again without what it held. */
  reboot(signal: AbortSignal): Promise<void>;
}

/** One kind of gateway that the lab can put into a home, and what the deployment needs for it. */
export interface GatewayRow {
  readonly type: Exclude<GatewayType, 'sluice'>;
  readonly internet?: Internet;
  /** What the deployment lets an opening lack; its default where left out. */
  readonly weaker?: readonly PromiseName[];
  /** What the configuration server is configured with besides. */
  readonly server?: Readonly<Record<string, unknown>>;
  /** What it is registered with. */
  communication(network: BuiltNetwork, host: string): Readonly<Record<string, string>>;
  /** `identity`: the directory of the certificate that the deployment gave to it. */
  start(network: BuiltNetwork, host: string, signal: AbortSignal, identity: string): Promise<ForeignGateway>;
}
