/** What DHCP clients of Linux keep of their leases, and what that tells of the gateway (RFC 2131, 2132, 3925, 7291). */
export { readDhclientLeases } from './dhclient-leases.ts';
export { readKeyValueLease } from './key-value-lease.ts';
export { readDhcpMessage } from './message.ts';
export { type DhcpOptions, type DhcpTold, dhcpOption, toldIn } from './options.ts';
