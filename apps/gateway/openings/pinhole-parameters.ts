import { familyOf, type IpAddress, isPort, parseIpAddress, parsePrefix } from '@sluice/model';
import { listItems, pinholeProtocol, pinholeProtocols } from '@sluice/wire/usp';
import { commonParameters } from './common-parameters.ts';
import { type OpeningParameter, writable } from './parameter.ts';
import { transportWanted } from './wanted.ts';

const endRange = (name: string): OpeningParameter =>
  writable(
    { name, type: 'int', range: [-1, 65535], narrows: true },
    (text) => (text === '-1' ? {} : 'an opening has one port; make a row for each'),
    () => '-1',
  );

const bitsOf = (address: IpAddress) => (familyOf(address) === 4 ? 32 : 128);

/** Parameters of TR-181 Device.Firewall.Pinhole.{i}., and our own beside them. */
export const pinholeParameters: readonly OpeningParameter[] = [
  ...commonParameters,
  writable(
    { name: 'SourcePrefixes', type: 'string', list: true, range: [0, 256], narrows: true },
    (text) => {
      const items = listItems(text);
      if (items.length === 0) return { remoteAddress: undefined };
      const prefix = parsePrefix(items[0] ?? '');
      if (!prefix) return 'a pinhole names an address';
      if (items.length > 1 || prefix.length < bitsOf(prefix.address))
        return 'a pinhole admits one address; make a row for each';
      return { remoteAddress: prefix.address };
    },
    ({ remoteAddress }) => (remoteAddress === undefined ? '' : `${remoteAddress}/${bitsOf(remoteAddress)}`),
  ),
  writable(
    { name: 'SourcePort', type: 'int', range: [-1, 65535], narrows: true },
    (text) => {
      if (text === '-1') return { remotePort: undefined };
      return isPort(Number(text)) ? { remotePort: Number(text) } : 'a port is 1 to 65535, or -1 for any';
    },
    (wanted) => `${wanted.remotePort ?? -1}`,
  ),
  endRange('SourcePortRangeMax'),
  writable(
    { name: 'DestIP', type: 'string', range: [0, 45], narrows: true },
    (text) => {
      if (text === '') return { localAddress: undefined };
      const localAddress = parseIpAddress(text);
      return localAddress === undefined ? 'a pinhole points at one address' : { localAddress };
    },
    (wanted) => wanted.localAddress ?? '',
  ),
  writable(
    { name: 'DestPort', type: 'int', range: [-1, 65535] },
    (text) => ({ localPort: text === '-1' ? undefined : Number(text) }),
    (wanted) => `${wanted.localPort || -1}`,
  ),
  endRange('DestPortRangeMax'),
  writable(
    { name: 'Protocol', type: 'int', list: true, narrows: true },
    (text) => {
      const transport = pinholeProtocol(text);
      return transport ? { transport } : 'a pinhole is for one of 6 (TCP), 17 (UDP), 50 (ESP) and 132 (SCTP)';
    },
    (wanted) => pinholeProtocols[transportWanted(wanted)],
  ),
];
