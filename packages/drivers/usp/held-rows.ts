import {
  familyOf,
  type GrantedOpening,
  type Instant,
  type IpAddress,
  isPort,
  parseIpAddress,
  parsePrefix,
} from '@sluice/model';
import type { GatewayNetworks, HeldRow } from '@sluice/usp-gateway';
import { portMappingTable } from '@sluice/wire/usp';
import { readDescription } from './description.ts';

/** An opening out of its row, and whether it lets in nobody but its server's address. */
export interface HeldOpening {
  readonly opening: GrantedOpening;
  readonly holdsRemote: boolean;
  /** Enabled, by its own word, where it has one. */
  readonly works: boolean;
}

/**
 * Reads a row; undefined where it is none of ours. The global address is not in the row: it is the one of the
 * interface that it names. `until` is read where the gateway counts down, and else left to who asked.
 */
export function heldOpening(
  { path, values }: HeldRow,
  networks: GatewayNetworks,
  now: Instant,
  asked?: GrantedOpening,
): HeldOpening | undefined {
  const described = readDescription(values.Description ?? '');
  const isMapping = path.startsWith(portMappingTable);
  const ends = isMapping ? mappingEnds(values, networks) : pinholeEnds(values);
  const id = described?.id ?? asked?.id;
  if (!ends || id === undefined || (values.Alias !== undefined && values.Alias !== id)) return undefined;
  const { streamType, payloadType, remotePort } = described ?? {
    streamType: asked?.streamType,
    payloadType: asked?.payloadType,
    remotePort: asked?.remote.port,
  };
  const remote = ends.remote ?? asked?.remote.address;
  if (streamType === undefined || remote === undefined) return undefined;
  const opening: GrantedOpening = {
    id,
    streamType,
    ...(payloadType !== undefined && { payloadType }),
    remote: { address: remote, ...(remotePort !== undefined && { port: remotePort }) },
    global: ends.global,
    globalPort: ends.global.port,
    local: ends.local,
    until: endOf(values, now) ?? asked?.until ?? now,
  };
  return { opening, holdsRemote: ends.remote !== undefined, works: worksBy(values) };
}

function worksBy({ Enable, Status = 'Enabled' }: HeldRow['values']): boolean {
  return Enable !== 'false' && Status === 'Enabled';
}

interface Ends {
  /** Undefined: anyone. */
  readonly remote?: IpAddress;
  readonly global: GrantedOpening['global'];
  readonly local: GrantedOpening['local'];
}

function mappingEnds(values: HeldRow['values'], { outward }: GatewayNetworks): Ends | undefined {
  const { RemoteHost = '', InternalClient = '', ExternalPort, InternalPort, ExternalPortEndRange = '0' } = values;
  const remote = parseIpAddress(RemoteHost);
  const local = parseIpAddress(InternalClient);
  const named = outward.find(({ reference }) => reference === values.Interface?.replace(/\.$/, '')) ?? outward[0];
  const [global] = named?.ipv4 ?? [];
  const [globalPort, localPort] = [portIn(ExternalPort), portIn(InternalPort)];
  const isRange = ExternalPortEndRange !== '0' && ExternalPortEndRange !== ExternalPort;
  if ((RemoteHost !== '' && remote === undefined) || !global || !local || !globalPort || !localPort || isRange)
    return undefined;
  return {
    ...(remote !== undefined && { remote }),
    global: { address: global, port: globalPort },
    local: { address: local, port: localPort },
  };
}

function pinholeEnds({ SourcePrefixes = '', DestIP = '', DestPort }: HeldRow['values']): Ends | undefined {
  const prefix = SourcePrefixes === '' ? undefined : parsePrefix(SourcePrefixes);
  const address = parseIpAddress(DestIP);
  const port = portIn(DestPort);
  if (address === undefined || familyOf(address) !== 6 || !port) return undefined;
  const device = { address, port };
  return { ...(prefix?.length === 128 && { remote: prefix.address }), global: device, local: device };
}

function endOf({ RemainingLeaseTime = '' }: HeldRow['values'], now: Instant): Instant | undefined {
  return /^\d{1,9}$/.test(RemainingLeaseTime) && RemainingLeaseTime !== '0'
    ? now + Number(RemainingLeaseTime) * 1_000
    : undefined;
}

function portIn(text: string | undefined): number | undefined {
  const port = /^\d{1,5}$/.test(text ?? '') ? Number(text) : 0;
  return isPort(port) ? port : undefined;
}
