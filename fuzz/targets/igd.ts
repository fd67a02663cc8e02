import * as igd from '@sluice/wire/igd';
import { answers, conflict, description, searchAnswer } from '../../packages/wire/igd/test/miniupnpd.ts';
import { lines, pieces, tokens } from '../mutate/pieces.ts';
import { bytesOf, promise, promiseSame, refused, type Target, taken } from '../target.ts';

/** SSDP: `parseSsdp`. */
export const ssdp: Target = {
  name: 'ssdp',
  mostBytes: igd.longestSsdp + 1,
  seeds: bytesOf(
    searchAnswer,
    'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n',
    'NOTIFY * HTTP/1.1\r\nNT: upnp:rootdevice\r\nNTS: ssdp:alive\r\nUSN: uuid:1\r\nLOCATION: http://192.168.1.1/d.xml\r\n\r\n',
  ),
  words: [
    'ST: ',
    'NT: ',
    'NTS: ssdp:update',
    'USN: ',
    'LOCATION: http://',
    'max-age=',
    '01-NLS: ',
    '\r\n',
    '\n',
    ':',
    '\0',
  ],
  mutators: [lines, tokens],
  feed(input) {
    const read = igd.parseSsdp(input);
    if (!read) return refused();
    let written: Uint8Array;
    try {
      written = igd.buildSsdp(read);
    } catch (error) {
      if (error instanceof RangeError) return taken(`${read.kind}, with control characters`);
      throw error;
    }
    const again = igd.parseSsdp(written);
    promise(again !== undefined || written.length > igd.longestSsdp, 'what was read is read again');
    if (again) promiseSame(igd.buildSsdp(again), written, 'a message stays the same when written and read');
    if (read.kind !== 'search' && read.location !== undefined)
      promise(new URL(read.location).protocol === 'http:', 'a location is an http URL');
    return taken(read.kind);
  },
};

const service = 'urn:schemas-upnp-org:service:WANIPConnection:2';
const ports = { from: 1, to: 65_535, protocol: 'udp', most: 0 } as const;
const key = { remoteHost: '', externalPort: 1, protocol: 'udp' } as const;

/** Each action, with what reads its values. */
const readers: Readonly<Record<string, (values: igd.Values) => unknown>> = {
  GetExternalIPAddress: igd.externalAddressIn,
  GetStatusInfo: igd.statusIn,
  AddPortMapping: () => undefined,
  AddAnyPortMapping: igd.reservedPortIn,
  GetSpecificPortMappingEntry: (values) => igd.specificMappingIn(values, key),
  GetGenericPortMappingEntry: igd.mappingIn,
  GetListOfPortMappings: igd.listedMappingsIn,
  GetDefaultConnectionService: igd.defaultConnectionIn,
  AddPinhole: igd.uniqueIdIn,
};

/** SOAP answers of gateways: `parseAnswer`, and what reads their values. */
export const soapAnswers: Target = {
  name: 'igd-soap',
  mostBytes: igd.longestSoap + 1,
  seeds: bytesOf(
    ...Object.values(answers),
    conflict,
    igd.buildAnswer(igd.getListOfPortMappings(service, ports), [['NewPortListing', igd.buildMappingList([])]]),
  ),
  words: [
    'Response',
    'New',
    'u:',
    's:Fault',
    'errorCode',
    '&amp;',
    ']]>',
    '<![CDATA[',
    '65536',
    '-1',
    '0',
    'UDP',
    'true',
  ],
  mutators: [pieces(/<[^>]*>|[^<]+|</g), tokens],
  feed(input) {
    const text = Buffer.from(input).toString('latin1');
    const action = Object.keys(readers).find((name) => text.includes(`${name}Response`)) ?? 'GetStatusInfo';
    try {
      const answer = igd.parseAnswer({ service, action, args: [] }, input);
      if (answer.kind === 'fault') return taken(`fault ${answer.code === undefined}`);
      const read = readers[action]?.(answer.values);
      for (const mapping of Array.isArray(read) ? (read as igd.PortMapping[]) : []) {
        promise(mapping.externalPort >= 0 && mapping.externalPort <= 65_535, 'a port has 16 bits');
        promise(Number.isSafeInteger(mapping.leaseSeconds), 'a lease is a number');
      }
      return taken(action);
    } catch (error) {
      if (!(error instanceof igd.IgdMalformed)) throw error;
      return refused(error.message.replace(/\d+|".*"/g, '').slice(0, 60));
    }
  },
};

/** Device descriptions: `parseDescription`. */
export const descriptions: Target = {
  name: 'igd-description',
  mostBytes: igd.longestDescription + 1,
  seeds: bytesOf(description, '<root><URLBase>http://192.168.1.1/</URLBase><device><UDN>uuid:1</UDN></device></root>'),
  words: ['<device>', '</device>', '<deviceList>', '<service>', '<serviceList>', '<URLBase>', '<UDN>', 'xmlns="a"'],
  mutators: [pieces(/<[^>]*>|[^<]+|</g), tokens],
  feed(input) {
    let read: igd.Description;
    try {
      read = igd.parseDescription(input);
    } catch (error) {
      if (!(error instanceof igd.IgdMalformed)) throw error;
      return refused(error.message.replace(/\d+|".*"/g, '').slice(0, 60));
    }
    const written = igd.buildDescription(read);
    if (written.length < igd.longestDescription)
      promise(
        igd.buildDescription(igd.parseDescription(Buffer.from(written))) === written,
        'a description stays the same when written and read',
      );
    return taken(`${igd.servicesOf(read.device).length} services`);
  },
};
