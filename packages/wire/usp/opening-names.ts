/** Prefix of what TR-181 has no name for. */
export const extensionPrefix = 'X_SLUICE_';

/** Table of IPv4 openings (TR-181 Device.NAT.PortMapping). */
export const portMappingTable = 'Device.NAT.PortMapping.';

/** Table of IPv6 openings (TR-181 Device.Firewall.Pinhole). */
export const pinholeTable = 'Device.Firewall.Pinhole.';

/** Parameters of our own beside the standard ones of a port mapping or pinhole. */
export const openingParameter = {
  /** Port mapping only. unsignedInt; port that the remote host sends from, 0 = any. */
  remotePort: `${extensionPrefix}RemotePort`,
  /** "tcp", "udp", "rtp", "rtcp", "rtp-mux", "sctp" or "esp". */
  streamType: `${extensionPrefix}StreamType`,
  /** int; RTP payload type 0..127, -1 = unknown. */
  payloadType: `${extensionPrefix}PayloadType`,
  /** Port mapping only. Rows of one Add with the same group get an even global port and the next. */
  portGroup: `${extensionPrefix}PortGroup`,
  /** Port mapping only. "0" or "1": place in the group. */
  portOffset: `${extensionPrefix}PortOffset`,
  /**
   * "<portal address> <portal port> <observed address> <observed port>[ <sent address> <sent port>][ udp]": the flow that
   * the content request left in.
   */
  requestFlow: `${extensionPrefix}RequestFlow`,
  /** The device's signature over its request (@sluice/consent); written, and read as "". */
  consent: `${extensionPrefix}Consent`,
  /** "<address> <port> <id>": the media server that is told once the rows of the message hold; written, and read as "". */
  start: `${extensionPrefix}Start`,
  /** Read-only; why it may be open: "signed", "flow", "operator", or "" where the gateway does not ask. */
  consentedBy: `${extensionPrefix}ConsentedBy`,
  /** Port mapping only. Read-only; the gateway's global address. */
  externalAddress: `${extensionPrefix}ExternalAddress`,
  /** Read-only; packets passed, both directions. */
  packets: `${extensionPrefix}Packets`,
  /** Read-only; bytes passed, both directions. */
  bytes: `${extensionPrefix}Bytes`,
} as const;

/** The command that lists free global ports: in Protocol, Count, Paired; out Ports, a comma-separated list. */
export const freePortsCommand = `Device.NAT.${extensionPrefix}FreePorts()`;

/** Values of a port mapping's Protocol. TR-181 has the first two; others are named as it has vendors name theirs. */
export const mappingProtocols = {
  tcp: 'TCP',
  udp: 'UDP',
  sctp: `${extensionPrefix}SCTP`,
  esp: `${extensionPrefix}ESP`,
} as const;

/** Values of a pinhole's Protocol: numbers of IP protocols (IANA). */
export const pinholeProtocols = { tcp: '6', udp: '17', sctp: '132', esp: '50' } as const;

type NamedProtocol = keyof typeof mappingProtocols;

/** What a port mapping's Protocol says; undefined for nothing that is known. */
export function mappingProtocol(text: string): NamedProtocol | undefined {
  return nameOf(mappingProtocols, text);
}

/** What a pinhole's Protocol says; undefined for nothing that is known. */
export function pinholeProtocol(text: string): NamedProtocol | undefined {
  return nameOf(pinholeProtocols, text);
}

function nameOf(table: Readonly<Record<NamedProtocol, string>>, text: string): NamedProtocol | undefined {
  return (Object.keys(table) as NamedProtocol[]).find((name) => table[name] === text);
}
