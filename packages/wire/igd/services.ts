/** Types of devices and services that matter, without their version. */
export const igdType = {
  gateway: 'urn:schemas-upnp-org:device:InternetGatewayDevice',
  ipConnection: 'urn:schemas-upnp-org:service:WANIPConnection',
  pppConnection: 'urn:schemas-upnp-org:service:WANPPPConnection',
  ipv6Firewall: 'urn:schemas-upnp-org:service:WANIPv6FirewallControl',
  forwarding: 'urn:schemas-upnp-org:service:Layer3Forwarding',
} as const;

/** The version of `type` where it is of `family`, "urn:...:WANIPConnection" with ":2"; undefined where it is not. */
export function versionOf(type: string, family: string): number | undefined {
  const version = type.startsWith(`${family}:`) ? type.slice(family.length + 1) : '';
  return /^\d{1,2}$/.test(version) ? Number(version) : undefined;
}
