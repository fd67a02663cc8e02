/** What is known of an appliance. */
export interface Registration {
  readonly applianceId: string;
  /** The gateway it is behind. */
  readonly gatewayId: string;
}
