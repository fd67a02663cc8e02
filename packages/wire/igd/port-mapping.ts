import { childrenOf, element, readXml, writeXml } from '../xml/index.ts';
import { IgdMalformed, orMalformed } from './malformed.ts';
import type { ActionRequest } from './soap.ts';
import { longestListing } from './soap.ts';
import { mostUi2, mostUi4, needed, numberOf, truthOf, type Values } from './values.ts';

/** What names a mapping at its gateway (WANIPConnection:1 2.2.20). */
export interface MappingKey {
  /** Who may send; "" is anyone. */
  readonly remoteHost: string;
  /** 0 is every port: never to be sent. */
  readonly externalPort: number;
  readonly protocol: 'tcp' | 'udp';
}

/** A port mapping of WANIPConnection and WANPPPConnection. */
export interface PortMapping extends MappingKey {
  readonly internalPort: number;
  readonly internalClient: string;
  readonly enabled: boolean;
  readonly description: string;
  /** What is asked for, or left of it; 0 is for ever with version 1, a week with version 2. */
  readonly leaseSeconds: number;
}

/** Most seconds that version 2 takes (WANIPConnection:2 2.3.16). */
export const weekSeconds = 604_800;

function keyArgs({ remoteHost, externalPort, protocol }: MappingKey): ActionRequest['args'] {
  return [
    ['NewRemoteHost', remoteHost],
    ['NewExternalPort', String(externalPort)],
    // Some devices refuse lower case.
    ['NewProtocol', protocol.toUpperCase()],
  ];
}

function mappingArgs(mapping: PortMapping): ActionRequest['args'] {
  return [
    ...keyArgs(mapping),
    ['NewInternalPort', String(mapping.internalPort)],
    ['NewInternalClient', mapping.internalClient],
    ['NewEnabled', mapping.enabled ? '1' : '0'],
    ['NewPortMappingDescription', mapping.description],
    ['NewLeaseDuration', String(mapping.leaseSeconds)],
  ];
}

/** Makes a mapping, or makes that of the same key and client anew. */
export function addPortMapping(service: string, mapping: PortMapping): ActionRequest {
  return { service, action: 'AddPortMapping', args: mappingArgs(mapping) };
}

/** The same on that external port or another one that is free; version 2 only. {@link reservedPortIn} reads which. */
export function addAnyPortMapping(service: string, mapping: PortMapping): ActionRequest {
  return { service, action: 'AddAnyPortMapping', args: mappingArgs(mapping) };
}

/** The external port of an AddAnyPortMapping. */
export function reservedPortIn(values: Values): number {
  return numberOf(values, 'NewReservedPort', mostUi2);
}

export function deletePortMapping(service: string, key: MappingKey): ActionRequest {
  return { service, action: 'DeletePortMapping', args: keyArgs(key) };
}

/** Looks at one mapping. {@link specificMappingIn} reads the answer. */
export function getSpecificPortMapping(service: string, key: MappingKey): ActionRequest {
  return { service, action: 'GetSpecificPortMappingEntry', args: keyArgs(key) };
}

/** The mapping under a key, out of an answer that does not say the key again. */
export function specificMappingIn(values: Values, { remoteHost, externalPort, protocol }: MappingKey): PortMapping {
  return { remoteHost, externalPort, protocol, ...restOf(values) };
}

/** Looks at the mapping that is at a place of the table, from 0. {@link mappingIn} reads the answer. */
export function getGenericPortMapping(service: string, index: number): ActionRequest {
  return { service, action: 'GetGenericPortMappingEntry', args: [['NewPortMappingIndex', String(index)]] };
}

/** A mapping with its key. */
export function mappingIn(values: Values): PortMapping {
  return {
    remoteHost: values.get('NewRemoteHost') ?? '',
    externalPort: numberOf(values, 'NewExternalPort', mostUi2),
    protocol: protocolOf(needed(values, 'NewProtocol')),
    ...restOf(values),
  };
}

function restOf(values: Values): Omit<PortMapping, keyof MappingKey> {
  return {
    internalPort: numberOf(values, 'NewInternalPort', mostUi2),
    internalClient: needed(values, 'NewInternalClient'),
    enabled: truthOf(values, 'NewEnabled'),
    description: values.get('NewPortMappingDescription') ?? values.get('NewDescription') ?? '',
    // Some leave it out where there is none.
    leaseSeconds: values.get('NewLeaseDuration') ? numberOf(values, 'NewLeaseDuration', mostUi4) : 0,
  };
}

function protocolOf(text: string): 'tcp' | 'udp' {
  const lower = text.toLowerCase();
  if (lower !== 'tcp' && lower !== 'udp') throw new IgdMalformed(`the protocol ${JSON.stringify(text.slice(0, 40))}`);
  return lower;
}

/** The values of an answer that tells a mapping with its key. */
export function mappingValues(mapping: PortMapping): ActionRequest['args'] {
  return mappingArgs(mapping);
}

/** Lists mappings of a protocol, by external port, both ends inclusive; version 2 only. */
export function getListOfPortMappings(
  service: string,
  range: { readonly from: number; readonly to: number; readonly protocol: 'tcp' | 'udp'; readonly most: number },
): ActionRequest {
  const args = [
    ['NewStartPort', String(range.from)],
    ['NewEndPort', String(range.to)],
    ['NewProtocol', range.protocol.toUpperCase()],
    // Everybody's: ours alone could not be told from others'.
    ['NewManage', '1'],
    ['NewNumberOfPorts', String(range.most)],
  ] as const;
  return { service, action: 'GetListOfPortMappings', args };
}

const listNamespace = 'urn:schemas-upnp-org:gw:WANIPConnection';

/** The mappings of a list: XML within the answer's XML. One that cannot be read is left out. Throws {@link IgdMalformed}. */
export function listedMappingsIn(values: Values): readonly PortMapping[] {
  const text = needed(values, 'NewPortListing');
  const limits = { mostSize: longestListing, mostNodes: 65_536 };
  const root = orMalformed('a list of mappings', () => readXml(text, limits));
  if (root.name !== 'PortMappingList') throw new IgdMalformed(`${root.name} as list of mappings`);
  return childrenOf(root, 'PortMappingEntry').flatMap((entry) => {
    const named = new Map(entry.children.map((child) => [child.name, child.text.trim()]));
    const lease = named.get('NewLeaseTime');
    if (lease !== undefined) named.set('NewLeaseDuration', lease);
    try {
      return [mappingIn(named)];
    } catch (error) {
      if (error instanceof IgdMalformed) return [];
      throw error;
    }
  });
}

/** A list of mappings as it stands in an answer. */
export function buildMappingList(mappings: readonly PortMapping[]): string {
  const entries = mappings.map((mapping) =>
    element('p:PortMappingEntry', [
      element('p:NewRemoteHost', mapping.remoteHost),
      element('p:NewExternalPort', String(mapping.externalPort)),
      element('p:NewProtocol', mapping.protocol.toUpperCase()),
      element('p:NewInternalPort', String(mapping.internalPort)),
      element('p:NewInternalClient', mapping.internalClient),
      element('p:NewEnabled', mapping.enabled ? '1' : '0'),
      element('p:NewDescription', mapping.description),
      element('p:NewLeaseTime', String(mapping.leaseSeconds)),
    ]),
  );
  return writeXml(element('p:PortMappingList', entries, { 'xmlns:p': listNamespace }));
}
