/** Prefix of what TR-181 has no name for. */
export const extensionPrefix = 'X_SLUICE_';

/** Table of IPv4 openings (TR-181 Device.NAT.PortMapping). */
export const portMappingTable = 'Device.NAT.PortMapping.';

/** Table of IPv6 openings (TR-181 Device.Firewall.Pinhole). */
export const pinholeTable = 'Device.Firewall.Pinhole.';

/** Parameters of our own beside the standard ones of a port mapping or pinhole. */
export const openingParameter = {
  /** Port mapping only. unsignedInt; port that the remote host sends from, 0 = any. */
  remotePort: 'X_SLUICE_RemotePort',
  /** "tcp", "udp", "rtp", "rtcp" or "rtp-mux". */
  streamType: 'X_SLUICE_StreamType',
  /** int; RTP payload type 0..127, -1 = unknown. */
  payloadType: 'X_SLUICE_PayloadType',
  /** Port mapping only. Rows of one Add with the same group get an even global port and the next. */
  portGroup: 'X_SLUICE_PortGroup',
  /** Port mapping only. "0" or "1": place in the group. */
  portOffset: 'X_SLUICE_PortOffset',
  /** "<portal address> <portal port> <observed address> <observed port>": the flow that the content request left in. */
  requestFlow: 'X_SLUICE_RequestFlow',
  /** Port mapping only. Read-only; the gateway's global address. */
  externalAddress: 'X_SLUICE_ExternalAddress',
  /** Read-only; packets passed, both directions. */
  packets: 'X_SLUICE_Packets',
  /** Read-only; bytes passed, both directions. */
  bytes: 'X_SLUICE_Bytes',
} as const;

/** The command that lists free global ports: in Protocol, Count, Paired; out Ports, a comma-separated list. */
export const freePortsCommand = 'Device.NAT.X_SLUICE_FreePorts()';
