import {
  familyOf,
  type GrantedOpening,
  type Opening,
  type RequestFlow,
  type StartNotice,
  transportOf,
} from '@sluice/model';
import { type GatewayNetworks, type Lease, outwardOf } from '@sluice/usp-gateway';
import {
  openingParameter as extension,
  keyed,
  mappingProtocols,
  pinholeProtocols,
  pinholeTable,
  portMappingTable,
} from '@sluice/wire/usp';

/** A row as an Add creates it. */
export interface Row {
  readonly table: string;
  readonly values: Readonly<Record<string, string>>;
}

/** The table that an opening is a row of at a gateway that translates IPv4, or does not. */
export function tableOf(opening: Opening, translates: boolean): string {
  return translates && familyOf(opening.remote.address) === 4 ? portMappingTable : pinholeTable;
}

/**
 * The interface to name in an opening's row. Of several only the gateway's own table can tell by which a request left,
 * where the portal saw another address than theirs; and what is not translated may come by any.
 */
export function interfaceFor(
  opening: Opening,
  networks: GatewayNetworks,
): GatewayNetworks['outward'][number] | undefined {
  const isMapping = tableOf(opening, networks.translates) === portMappingTable;
  if (isMapping || networks.outward.length === 1) return outwardOf(opening, networks);
  return undefined;
}

/** Addresses an opening's row by its id, whatever instance number it has now. One whose ends are the same was not translated. */
export function pathOf(opening: GrantedOpening): string {
  const { global, local } = opening;
  const translated = global.address !== local.address || global.port !== local.port;
  return keyed(tableOf(opening, translated), { Alias: opening.id });
}

/**
 * The row for an opening: a port mapping (TR-181 Device.NAT.PortMapping) or a pinhole (Device.Firewall.Pinhole).
 * `outward` refers to the interface it comes in by.
 */
export function rowOf({ opening, seconds }: Lease<Opening>, outward: string | undefined, translates = true): Row {
  const table = tableOf(opening, translates);
  const values = table === portMappingTable ? portMapping(opening) : pinhole(opening);
  return {
    table,
    values: {
      Alias: opening.id,
      Enable: 'true',
      ...(outward !== undefined && { Interface: outward }),
      LeaseDuration: String(seconds),
      ...values,
      [extension.streamType]: opening.streamType,
      ...(opening.payloadType !== undefined && { [extension.payloadType]: String(opening.payloadType) }),
      ...(opening.flow && { [extension.requestFlow]: flowText(opening.flow) }),
      ...(opening.consent !== undefined && { [extension.consent]: opening.consent }),
      ...(opening.start && { [extension.start]: startText(opening.start) }),
    },
  };
}

function portMapping(opening: Opening): Record<string, string> {
  const { remote, local, globalPort, portGroup } = opening;
  return {
    Protocol: mappingProtocols[transportOf(opening.streamType)],
    RemoteHost: remote.address,
    [extension.remotePort]: String(remote.port ?? 0),
    ...(globalPort !== undefined && { ExternalPort: String(globalPort) }),
    ...(local.address !== undefined && { InternalClient: local.address }),
    InternalPort: String(local.port),
    ...(portGroup && {
      [extension.portGroup]: portGroup.name,
      [extension.portOffset]: String(portGroup.offset),
    }),
  };
}

function pinhole(opening: Opening): Record<string, string> {
  const { remote, local } = opening;
  return {
    Protocol: pinholeProtocols[transportOf(opening.streamType)],
    SourcePrefixes: `${remote.address}/${familyOf(remote.address) === 4 ? 32 : 128}`,
    SourcePort: String(remote.port || -1),
    ...(local.address !== undefined && { DestIP: local.address }),
    DestPort: String(local.port || -1),
  };
}

function startText({ mediaServer, startId }: StartNotice): string {
  return `${mediaServer.address} ${mediaServer.port} ${startId}`;
}

function flowText({ transport, portal, observed, sent }: RequestFlow): string {
  const ends = [portal, observed, ...(sent ? [sent] : [])].map(({ address, port }) => `${address} ${port}`);
  return [...ends, ...(transport === 'udp' ? [transport] : [])].join(' ');
}
