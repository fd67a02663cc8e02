import type { ActionRequest } from './soap.ts';
import { mostUi4, needed, numberOf, type Values } from './values.ts';

/** The state of a WAN connection (WANIPConnection:1 2.2.2). */
export interface ConnectionStatus {
  /** "Connected" where it is. */
  readonly status: string;
  /** Seconds that it has been up; undefined where that is not told. */
  readonly uptimeSeconds: number | undefined;
}

export function getStatus(service: string): ActionRequest {
  return { service, action: 'GetStatusInfo', args: [] };
}

/** Reads the answer to {@link getStatus}. */
export function statusIn(values: Values): ConnectionStatus {
  const uptime = values.get('NewUptime');
  return {
    status: needed(values, 'NewConnectionStatus').slice(0, 64),
    uptimeSeconds: uptime ? numberOf(values, 'NewUptime', mostUi4) : undefined,
  };
}

export function getExternalAddress(service: string): ActionRequest {
  return { service, action: 'GetExternalIPAddress', args: [] };
}

/** Reads the answer to {@link getExternalAddress}; "" where there is none. */
export function externalAddressIn(values: Values): string {
  return needed(values, 'NewExternalIPAddress').slice(0, 64);
}

/** Asks Layer3Forwarding for the WAN connection in use. */
export function getDefaultConnection(service: string): ActionRequest {
  return { service, action: 'GetDefaultConnectionService', args: [] };
}

/** The device's UDN and the service's id of the WAN connection in use, "uuid:...:WANConnectionDevice:1,urn:...". */
export function defaultConnectionIn(values: Values): { readonly device: string; readonly serviceId: string } {
  const [device = '', serviceId = ''] = needed(values, 'NewDefaultConnectionService').split(',');
  return { device: device.trim(), serviceId: serviceId.trim() };
}
