import type { IpAddress } from '@sluice/model';
import type { CwmpAnswer, CwmpCall, CwmpDeviceId } from '@sluice/wire/cwmp';

/** What the driver needs of an ACS (TR-069); `Acs` of @sluice/cwmp-acs is one. */
export interface CwmpPort {
  /** What a device last said of itself; undefined where it has not called yet. */
  contact(gatewayId: string): DeviceContact | undefined;
  /**
   * Acts while nobody else asks the device anything; wakes it where it has no session. Throws `Unreachable`, or the
   * signal's reason, when nothing was asked; then whatever `act` throws.
   */
  alone<T>(gatewayId: string, signal: AbortSignal, act: (device: DeviceConversation) => Promise<T>): Promise<T>;
}

/** What a device said when it last began a session. */
export interface DeviceContact {
  readonly deviceId: CwmpDeviceId;
  /** "InternetGatewayDevice." (TR-098) or "Device." (TR-181). */
  readonly root: string;
  /** By full name. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly address: IpAddress | undefined;
  /** How far its clock was ahead of ours, in milliseconds; undefined where it does not know the time. */
  readonly clockAheadMs?: number | undefined;
}

/** Being alone with one device. */
export interface DeviceConversation {
  readonly contact: DeviceContact;
  /** Throws `Unreachable` or the signal's reason when the call was not sent; anything else means that it is not known. */
  ask(call: CwmpCall, signal: AbortSignal): Promise<CwmpAnswer>;
}
