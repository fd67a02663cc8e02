import {
  type GrantedOpening,
  type Instant,
  type IpAddress,
  isPort,
  type OpeningCounters,
  parseIpAddress,
  parsePrefix,
  streamTypes,
} from '@sluice/model';
import { openingParameter as extension, portMappingTable } from '@sluice/wire/usp';

/** A row as a Get shows it. */
export interface HeldRow {
  /** Instance path, "Device.NAT.PortMapping.3." */
  readonly path: string;
  readonly values: Readonly<Record<string, string>>;
}

/** An opening read back from its row, with what has passed through it. */
export interface HeldOpening {
  readonly opening: GrantedOpening;
  readonly counters?: OpeningCounters;
}

/** Reads a row; undefined where it is no opening of a controller: made by the household, or not as we make them. */
export function heldOpening({ path, values }: HeldRow, now: Instant): HeldOpening | undefined {
  if (values.Origin !== undefined && values.Origin !== 'Controller') return undefined;
  const streamType = streamTypes.find((type) => type === values[extension.streamType]);
  const ends = path.startsWith(portMappingTable) ? portMappingEnds(values) : pinholeEnds(values);
  if (!values.Alias || !streamType || !ends) return undefined;
  const payloadType = numberIn(values[extension.payloadType]);
  const opening: GrantedOpening = {
    id: values.Alias,
    streamType,
    ...(payloadType !== undefined && payloadType >= 0 && { payloadType }),
    ...ends,
    globalPort: ends.global.port,
    until: now + (numberIn(values.RemainingLeaseTime) ?? 0) * 1_000,
  };
  const packets = numberIn(values[extension.packets]);
  const bytes = numberIn(values[extension.bytes]);
  return packets === undefined || bytes === undefined ? { opening } : { opening, counters: { packets, bytes } };
}

type Ends = Pick<GrantedOpening, 'remote' | 'global' | 'local'>;

function portMappingEnds(values: HeldRow['values']): Ends | undefined {
  const remoteAddress = addressIn(values.RemoteHost);
  const globalAddress = addressIn(values[extension.externalAddress]);
  const localAddress = addressIn(values.InternalClient);
  const globalPort = portIn(values.ExternalPort);
  const localPort = portIn(values.InternalPort);
  if (!remoteAddress || !globalAddress || !localAddress || !globalPort || !localPort) return undefined;
  return {
    remote: withPort(remoteAddress, portIn(values[extension.remotePort])),
    global: { address: globalAddress, port: globalPort },
    local: { address: localAddress, port: localPort },
  };
}

function pinholeEnds(values: HeldRow['values']): Ends | undefined {
  const remote = parsePrefix(values.SourcePrefixes ?? '');
  const address = addressIn(values.DestIP);
  const port = portIn(values.DestPort);
  if (remote?.length !== 128 || !address || !port) return undefined;
  return {
    remote: withPort(remote.address, portIn(values.SourcePort)),
    global: { address, port },
    local: { address, port },
  };
}

function withPort(address: IpAddress, port: number | undefined): Ends['remote'] {
  return port === undefined ? { address } : { address, port };
}

function addressIn(text: string | undefined): IpAddress | undefined {
  return text === undefined ? undefined : parseIpAddress(text);
}

function portIn(text: string | undefined): number | undefined {
  const port = numberIn(text);
  return port !== undefined && isPort(port) ? port : undefined;
}

function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
}
