import { type IpAddress, parseIpAddress } from '@sluice/model';
import {
  getGenericPortMapping,
  getListOfPortMappings,
  getSpecificPortMapping,
  IgdMalformed,
  listedMappingsIn,
  longestListing,
  type MappingKey,
  mappingError,
  mappingIn,
  type PortMapping,
  specificMappingIn,
  upnpError,
  type Values,
} from '@sluice/wire/igd';
import { askService, type Reply } from './asking.ts';
import type { WanConnection } from './connection.ts';
import type { GatewayMemory } from './memory.ts';
import type { IgdDriverPorts } from './ports.ts';

/** No answer, or one that says nothing; `sent` is false where the gateway could not even be asked. */
export interface Silence {
  readonly kind: 'silent';
  readonly reason: string;
  readonly sent: boolean;
}

/** What a look at one key shows. */
export type Look =
  | { readonly kind: 'mapping'; readonly mapping: PortMapping; readonly tellsRemoteHost: boolean }
  | { readonly kind: 'none' }
  | Silence;

/** Reads a gateway's table of mappings. Changes nothing. */
export interface MappingTable {
  /** What stands under a key, by the one action that every version has; who may send is not told. */
  peek(key: MappingKey, signal: AbortSignal): Promise<Look>;
  /** The same with who may send, where the gateway tells that in any way. */
  read(key: MappingKey, signal: AbortSignal): Promise<Look>;
  /** Everybody's mappings. */
  list(signal: AbortSignal): Promise<readonly PortMapping[] | Silence>;
}

/** More entries than a gateway has room for; one that goes on for ever is stopped. */
const mostEntries = 1_024;

/** The table at a WAN connection. */
export function mappingTable(
  connection: WanConnection,
  { learned }: Pick<GatewayMemory, 'learned'>,
  ports: Pick<IgdDriverPorts, 'http'>,
  from: IpAddress,
): MappingTable {
  const { type, version } = connection;
  const listsRanges = () => version >= 2 && !learned.noRangeList;

  async function peek(key: MappingKey, signal: AbortSignal): Promise<Look> {
    if (!learned.noSpecificLook) {
      const reply = await askService(connection, getSpecificPortMapping(type, key), ports, from, signal);
      if (reply.kind === 'values') return shown(reply.values, (values) => specificMappingIn(values, key), false);
      if (isNotThere(reply)) return { kind: 'none' };
      if (!isUnknownAction(reply)) return unseen(reply);
      learned.noSpecificLook = true;
    }
    return scanFor(key, signal);
  }

  async function read(key: MappingKey, signal: AbortSignal): Promise<Look> {
    if (listsRanges()) {
      const listed = await listRange(key.externalPort, key.externalPort, key.protocol, signal);
      if (isList(listed)) return chosen(listed, key);
      if (listed !== 'unsupported') return listed;
    }
    const look = await peek(key, signal);
    if (look.kind !== 'mapping' || look.tellsRemoteHost || key.remoteHost === '') return look;
    // Where nothing stands under "anyone", what stands under the key is for that host alone.
    const forAnyone = await peek({ ...key, remoteHost: '' }, signal);
    if (forAnyone.kind === 'none') return { ...look, tellsRemoteHost: true };
    const scanned = await scanFor(key, signal);
    return scanned.kind === 'mapping' ? scanned : look;
  }

  async function list(signal: AbortSignal): Promise<readonly PortMapping[] | Silence> {
    if (listsRanges()) {
      const udp = await listRange(1, 65_535, 'udp', signal);
      const tcp = isList(udp) ? await listRange(1, 65_535, 'tcp', signal) : udp;
      if (isList(udp) && isList(tcp)) return [...udp, ...tcp];
      if (!isList(tcp) && tcp !== 'unsupported') return tcp;
    }
    return scan(signal);
  }

  async function listRange(
    first: number,
    last: number,
    protocol: 'tcp' | 'udp',
    signal: AbortSignal,
  ): Promise<readonly PortMapping[] | 'unsupported' | Silence> {
    const request = getListOfPortMappings(type, { from: first, to: last, protocol, most: 0 });
    const reply = await askService(connection, request, ports, from, signal, longestListing);
    if (isNotThere(reply)) return [];
    if (reply.kind === 'values') {
      const listed = readOrSilent(reply.values, listedMappingsIn);
      return isList(listed) ? listed.filter((mapping) => mapping.protocol === protocol) : listed;
    }
    if (reply.kind !== 'fault') return unseen(reply);
    learned.noRangeList = true;
    return 'unsupported';
  }

  async function scanFor(key: MappingKey, signal: AbortSignal): Promise<Look> {
    const all = await scan(signal);
    return isList(all) ? chosen(all, key) : all;
  }

  /** One entry after another, until the gateway says that there are no more. */
  async function scan(signal: AbortSignal): Promise<readonly PortMapping[] | Silence> {
    const mappings: PortMapping[] = [];
    let before = '';
    for (let index = 0; index < mostEntries; index++) {
      const reply = await askService(connection, getGenericPortMapping(type, index), ports, from, signal);
      // Whatever the error: some have none for the end of their table.
      if (reply.kind === 'fault' && reply.code !== upnpError.invalidAction) return mappings;
      if (reply.kind !== 'values') return unseen(reply);
      const mapping = readOrSilent(reply.values, mappingIn);
      // Some say the last one again and again.
      const text = JSON.stringify([...reply.values]);
      if (text === before) return mappings;
      before = text;
      if (!isSilence(mapping)) mappings.push(mapping);
    }
    return mappings;
  }

  return { peek, read, list };
}

function shown(values: Values, read: (values: Values) => PortMapping, tellsRemoteHost: boolean): Look {
  const mapping = readOrSilent(values, read);
  return isSilence(mapping) ? mapping : { kind: 'mapping', mapping: asWritten(mapping), tellsRemoteHost };
}

/** The entry of a key: the one for its very host, else the one for anyone, else whatever holds the port. */
function chosen(mappings: readonly PortMapping[], key: MappingKey): Look {
  const there = mappings
    .map(asWritten)
    .filter(({ externalPort, protocol }) => externalPort === key.externalPort && protocol === key.protocol);
  const mapping =
    there.find(({ remoteHost }) => remoteHost === key.remoteHost) ??
    there.find(({ remoteHost }) => remoteHost === '') ??
    there[0];
  return mapping ? { kind: 'mapping', mapping, tellsRemoteHost: true } : { kind: 'none' };
}

/** Addresses as we write them; each way to say "anyone" as "". */
export function asWritten(mapping: PortMapping): PortMapping {
  const { remoteHost, internalClient } = mapping;
  const anyone = ['', '*', '0.0.0.0'].includes(remoteHost);
  return {
    ...mapping,
    remoteHost: anyone ? '' : (parseIpAddress(remoteHost) ?? remoteHost),
    internalClient: parseIpAddress(internalClient) ?? internalClient,
  };
}

function readOrSilent<T>(values: Values, read: (values: Values) => T): T | Silence {
  try {
    return read(values);
  } catch (error) {
    if (error instanceof IgdMalformed) return { kind: 'silent', reason: error.message, sent: true };
    throw error;
  }
}

/** Whether a list was read. */
export function isList<T>(read: readonly T[] | Silence | string): read is readonly T[] {
  return Array.isArray(read);
}

function isSilence(read: PortMapping | Silence): read is Silence {
  return 'kind' in read;
}

/** Whether a reply says that nothing stands there. */
export function isNotThere(reply: Reply): boolean {
  const { noSuchEntry, indexInvalid, portMappingNotFound } = mappingError;
  return reply.kind === 'fault' && [noSuchEntry, indexInvalid, portMappingNotFound].includes(reply.code as 714);
}

function isUnknownAction(reply: Reply): boolean {
  return reply.kind === 'fault' && (reply.code === upnpError.invalidAction || reply.code === undefined);
}

function unseen(reply: Exclude<Reply, { kind: 'values' }>): Silence {
  const reason = reply.kind === 'fault' ? `${reply.code ?? ''} ${reply.description}`.trim() : reply.reason;
  return { kind: 'silent', reason, sent: reply.kind !== 'not-sent' };
}
