import {
  type Family,
  familyOf,
  type GrantedOpening,
  type Instant,
  type IpAddress,
  isPort,
  type OpeningCounters,
  parseIpAddress,
  parsePrefix,
  streamTypes,
} from '@sluice/model';
import type { HeldRow } from '@sluice/usp-gateway';
import { openingParameter as extension, portMappingTable } from '@sluice/wire/usp';

const unsignedIntMost = 0xffffffff;

/** An opening read back from its row, with what has passed through it. */
export interface HeldOpening {
  readonly opening: GrantedOpening;
  readonly counters?: OpeningCounters;
}

/** Reads a row; undefined where it is no opening of a controller: made by the household, or not as we make them. */
export function heldOpening({ path, values }: HeldRow, now: Instant): HeldOpening | undefined {
  if (values.Origin !== undefined && values.Origin !== 'Controller') return undefined;
  const streamType = streamTypes.find((type) => type === values[extension.streamType]);
  const read = path.startsWith(portMappingTable) ? portMappingEnds(values) : pinholeEnds(values);
  const ends = read && withPorts(read, streamType === 'esp');
  if (!values.Alias || !streamType || !ends) return undefined;
  const payloadType = numberIn(values[extension.payloadType], 127);
  const opening: GrantedOpening = {
    id: values.Alias,
    streamType,
    ...(payloadType !== undefined && { payloadType }),
    ...ends,
    globalPort: ends.global.port,
    until: now + (numberIn(values.RemainingLeaseTime, unsignedIntMost) ?? 0) * 1_000,
  };
  const packets = numberIn(values[extension.packets], Number.MAX_SAFE_INTEGER);
  const bytes = numberIn(values[extension.bytes], Number.MAX_SAFE_INTEGER);
  return packets === undefined || bytes === undefined ? { opening } : { opening, counters: { packets, bytes } };
}

type Ends = Pick<GrantedOpening, 'remote' | 'global' | 'local'>;

/** Ends as read, 0 where there is no port: so it is of ESP, and only there. */
function withPorts({ remote, global, local }: Ends, none: boolean): Ends | undefined {
  if (isPort(global.port) === none || isPort(local.port) === none) return undefined;
  return { remote: none ? { ...remote, port: 0 } : remote, global, local };
}

function portMappingEnds(values: HeldRow['values']): Ends | undefined {
  const remoteAddress = addressIn(values.RemoteHost, 4);
  const globalAddress = addressIn(values[extension.externalAddress], 4);
  const localAddress = addressIn(values.InternalClient, 4);
  const globalPort = portIn(values.ExternalPort) ?? 0;
  const localPort = portIn(values.InternalPort) ?? 0;
  if (!remoteAddress || !globalAddress || !localAddress) return undefined;
  return {
    remote: withPort(remoteAddress, portIn(values[extension.remotePort])),
    global: { address: globalAddress, port: globalPort },
    local: { address: localAddress, port: localPort },
  };
}

function pinholeEnds(values: HeldRow['values']): Ends | undefined {
  const remote = parsePrefix(values.SourcePrefixes ?? '');
  const family = remote?.length === 128 ? 6 : 4;
  const address = addressIn(values.DestIP, family);
  const port = portIn(values.DestPort) ?? 0;
  if (remote?.length !== (family === 6 ? 128 : 32) || familyOf(remote.address) !== family) return undefined;
  if (!address) return undefined;
  return {
    remote: withPort(remote.address, portIn(values.SourcePort)),
    global: { address, port },
    local: { address, port },
  };
}

function withPort(address: IpAddress, port: number | undefined): Ends['remote'] {
  return port === undefined ? { address } : { address, port };
}

function addressIn(text: string | undefined, family: Family): IpAddress | undefined {
  const address = text === undefined ? undefined : parseIpAddress(text);
  return address !== undefined && familyOf(address) === family ? address : undefined;
}

function portIn(text: string | undefined): number | undefined {
  const port = numberIn(text, 65_535);
  return port !== undefined && isPort(port) ? port : undefined;
}

/** A whole number from 0 to `most`; agents write -1 for what is not known. */
function numberIn(text: string | undefined, most: number): number | undefined {
  const number = text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
  return number !== undefined && number <= most ? number : undefined;
}
