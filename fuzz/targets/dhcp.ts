import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseIpAddress } from '@sluice/model';
import { type DhcpOptions, readDhclientLeases, readDhcpMessage, readKeyValueLease, toldIn } from '@sluice/wire/dhcp';
import { lines, tokens } from '../mutate/pieces.ts';
import { promise, refused, type Target, taken } from '../target.ts';

const sample = (name: string) => readFileSync(join(import.meta.dirname, '../../packages/wire/dhcp/test', name));
const now = Date.UTC(2026, 10, 28, 9);

/** What DHCP clients keep: `readDhclientLeases`, `readKeyValueLease`, `readDhcpMessage`, and what `toldIn` makes of it. */
export const dhcp: Target = {
  name: 'dhcp',
  mostBytes: 65_536,
  seeds: [sample('dhclient.leases'), sample('networkd.lease'), sample('dhcpcd.lease')],
  words: [
    ...[
      'lease {',
      '}',
      'interface "eth0";',
      'option vivso 0:0:d:e9:',
      'option routers ',
      'option unknown-158 4:c0:a8:1:1;',
    ],
    ...[
      'expire epoch 1;',
      'expire never;',
      'ADDRESS=',
      'OPTION_125=',
      'VENDOR_SPECIFIC=',
      '0:0:d:e9',
      ':ff',
      '\\"',
      '\\377',
      '\n',
    ],
  ],
  mutators: [lines, tokens],
  feed(input) {
    const text = Buffer.from(input).toString('latin1');
    const read = [readDhclientLeases(text, 'eth0', now), readKeyValueLease(text), readDhcpMessage(input)];
    const leases = read.filter((options) => options !== undefined);
    for (const options of leases) check(options);
    return leases.length === 0 ? refused() : taken(read.map((options) => (options ? 'lease' : '-')).join());
  },
};

function check(options: DhcpOptions): void {
  const { server, routers, pcpServers, gateway, acsUrl, ...others } = toldIn(options);
  const addresses = [...(server === undefined ? [] : [server]), ...routers, ...pcpServers];
  promise(
    addresses.every((address) => parseIpAddress(address) === address),
    'addresses are canonical',
  );
  promise(routers.length <= 8 && pcpServers.length <= 8, 'addresses are few');
  promise(acsUrl === undefined || /^https?:$/.test(new URL(acsUrl).protocol), 'a URL is one of the web');
  const texts = [acsUrl, others.vendorClass, others.controllerId, others.controllerUrl, gateway?.serialNumber];
  for (const each of texts) promise(each === undefined || /^[\x20-\x7e]{1,256}$/.test(each), 'texts can be printed');
  promise(gateway === undefined || /^[0-9A-F]{6}$/.test(gateway.oui), 'a maker has six digits');
}
