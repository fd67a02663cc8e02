import type { IpAddress, IpProtocol, PortGroup, RequestFlow, StartNotice, StreamType } from '@sluice/model';
import { transportOf } from '@sluice/model';
import { pinholeTable, portMappingTable } from '@sluice/wire/usp';

/** The two tables of openings: IPv4 port mappings, IPv6 pinholes. */
export type OpeningTable = typeof portMappingTable | typeof pinholeTable;

/** Both tables. */
export const openingTables: readonly OpeningTable[] = [portMappingTable, pinholeTable];

/** What a controller wrote into a row, of either table, in the words of the model; `undefined` where it left something out. */
export interface Wanted {
  readonly alias: string | undefined;
  readonly enable: boolean;
  /** Reference to the WAN side's Device.IP.Interface, or "". */
  readonly interface: string;
  readonly allInterfaces: boolean;
  readonly description: string;
  readonly transport: IpProtocol | undefined;
  readonly streamType: StreamType | undefined;
  /** RTP payload type, 0..127. */
  readonly payloadType: number | undefined;
  /** Left out: any remote address, or any port of it. */
  readonly remoteAddress: IpAddress | undefined;
  readonly remotePort: number | undefined;
  /** Port mappings only. Left out: the gateway picks. */
  readonly globalPort: number | undefined;
  readonly group: string | undefined;
  readonly groupOffset: 0 | 1;
  /** Left out: the device that `flow` came from. */
  readonly localAddress: IpAddress | undefined;
  readonly localPort: number | undefined;
  readonly flow: RequestFlow | undefined;
  /** The device's signature, until it was judged. */
  readonly consent: string | undefined;
  /** Whom to tell when it opens, until it did. */
  readonly start: StartNotice | undefined;
  /** 0: without end. */
  readonly leaseSeconds: number;
}

/** What a row holds before its controller says anything (the defaults of TR-181). */
export const nothingWanted: Wanted = {
  alias: undefined,
  enable: false,
  interface: '',
  allInterfaces: false,
  description: '',
  transport: undefined,
  streamType: undefined,
  payloadType: undefined,
  remoteAddress: undefined,
  remotePort: undefined,
  globalPort: undefined,
  group: undefined,
  groupOffset: 0,
  localAddress: undefined,
  localPort: undefined,
  flow: undefined,
  consent: undefined,
  start: undefined,
  leaseSeconds: 0,
};

/** The transport a row is about: what it says, else what its stream type runs over, else UDP. */
export function transportWanted(wanted: Wanted): IpProtocol {
  return wanted.transport ?? (wanted.streamType ? transportOf(wanted.streamType) : 'udp');
}

/** The stream type that the kernel enforces: what the row says, else anything of its transport. */
export function streamTypeWanted(wanted: Wanted): StreamType {
  return wanted.streamType ?? transportWanted(wanted);
}

/** The row's place in a port group, where it has one. */
export function groupWanted(wanted: Wanted): PortGroup | undefined {
  return wanted.group === undefined ? undefined : { name: wanted.group, offset: wanted.groupOffset };
}
