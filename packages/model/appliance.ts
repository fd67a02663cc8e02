import type { Evidence } from './discovery.ts';

/** What is known of an appliance. */
export interface Registration {
  readonly applianceId: string;
  /** The gateway it is behind. */
  readonly gatewayId: string;
  /** The home it is in, where that has several ways in; `gatewayId` is the one that is used. */
  readonly homeId?: string;
  /** Why that is believed; left out, an operator registered it, or where its request came from did. */
  readonly evidence?: Evidence;
}
