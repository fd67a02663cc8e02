import type { ActionRequest } from './soap.ts';
import { mostUi2, mostUi4, numberOf, truthOf, type Values } from './values.ts';

/** An IPv6 pinhole (WANIPv6FirewallControl:1 2.2). */
export interface Pinhole {
  /** Who may send; "" is anyone. */
  readonly remoteHost: string;
  /** 0 is any. */
  readonly remotePort: number;
  readonly internalClient: string;
  readonly internalPort: number;
  readonly protocol: 'tcp' | 'udp';
}

/** Most seconds of a pinhole's lease (2.2.8). */
export const daySeconds = 86_400;

/** IP protocol numbers of IANA. */
const protocolNumbers = { tcp: '6', udp: '17' } as const;

/** No "New" before the names, but in UpdatePinhole. */
export function addPinhole(service: string, pinhole: Pinhole, leaseSeconds: number): ActionRequest {
  return {
    service,
    action: 'AddPinhole',
    args: [
      ['RemoteHost', pinhole.remoteHost],
      ['RemotePort', String(pinhole.remotePort)],
      ['InternalClient', pinhole.internalClient],
      ['InternalPort', String(pinhole.internalPort)],
      ['Protocol', protocolNumbers[pinhole.protocol]],
      ['LeaseTime', String(leaseSeconds)],
    ],
  };
}

/** The number under which a pinhole is known until the gateway restarts. */
export function uniqueIdIn(values: Values): number {
  return numberOf(values, 'UniqueID', mostUi2);
}

export function updatePinhole(service: string, uniqueId: number, leaseSeconds: number): ActionRequest {
  const args = [
    ['UniqueID', String(uniqueId)],
    ['NewLeaseTime', String(leaseSeconds)],
  ] as const;
  return { service, action: 'UpdatePinhole', args };
}

export function deletePinhole(service: string, uniqueId: number): ActionRequest {
  return { service, action: 'DeletePinhole', args: [['UniqueID', String(uniqueId)]] };
}

export function getPinholePackets(service: string, uniqueId: number): ActionRequest {
  return { service, action: 'GetPinholePackets', args: [['UniqueID', String(uniqueId)]] };
}

/** Packets that came through a pinhole. */
export function pinholePacketsIn(values: Values): number {
  return numberOf(values, 'PinholePackets', mostUi4);
}

/** Whether a pinhole lets packets through, as seen of packets; error 709 where none came yet. Optional. */
export function checkPinholeWorking(service: string, uniqueId: number): ActionRequest {
  return { service, action: 'CheckPinholeWorking', args: [['UniqueID', String(uniqueId)]] };
}

export function isWorkingIn(values: Values): boolean {
  return truthOf(values, 'IsWorking');
}

export function getFirewallStatus(service: string): ActionRequest {
  return { service, action: 'GetFirewallStatus', args: [] };
}

/** Whether the firewall is on, and takes pinholes. */
export function firewallStatusIn(values: Values): { readonly enabled: boolean; readonly takesPinholes: boolean } {
  return { enabled: truthOf(values, 'FirewallEnabled'), takesPinholes: truthOf(values, 'InboundPinholeAllowed') };
}
