/** A registered device: who it is, how it proves that, and how it is woken. */
export interface CwmpDevice {
  readonly gatewayId: string;
  /** See {@link identityOf}. */
  readonly identity: string;
  /** What the device shows us: Digest, or Basic over TLS. Left out, only a certificate counts. */
  readonly login?: Login;
  /** The common name of its certificate, where it shows one; left out, its identity (TR-069 3.4.5). */
  readonly certificateName?: string;
  /** What we show the device when we wake it, and what its STUN binding requests are signed with. */
  readonly connectionRequest?: Login;
  /**
   * Where it is woken, `http://host:port/path`. Left out, where it says itself, if that is the address that it calls
   * from: what we show it goes nowhere else.
   */
  readonly connectionRequestUrl?: string;
}

/** Name and password. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** The registered devices. */
export interface DeviceDirectory {
  /** The device of an identity; undefined where none is registered. */
  byIdentity(identity: string): Promise<CwmpDevice | undefined>;
  byGatewayId(gatewayId: string): Promise<CwmpDevice | undefined>;
  /** The device whose `connectionRequest` has that name. */
  byConnectionRequestName(username: string): Promise<CwmpDevice | undefined>;
}

/** `OUI-serial`, the OUI in upper case: what a device is known by (TR-069 3.4.4). */
export function identityOf({ oui, serialNumber }: { readonly oui: string; readonly serialNumber: string }): string {
  return `${oui.toUpperCase()}-${serialNumber}`;
}
