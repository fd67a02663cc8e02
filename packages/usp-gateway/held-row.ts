/** A row as a Get shows it. */
export interface HeldRow {
  /** Instance path, "Device.NAT.PortMapping.3." */
  readonly path: string;
  readonly values: Readonly<Record<string, string>>;
}
