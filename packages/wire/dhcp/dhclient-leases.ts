import { type DhcpOptions, dhcpOption, octetsOf } from './options.ts';

/** What dhclient calls options; others are `unknown-CODE`, or what its configuration calls them. */
const codes: Readonly<Record<string, number>> = {
  routers: dhcpOption.routers,
  'dhcp-server-identifier': dhcpOption.server,
  'vendor-encapsulated-options': dhcpOption.vendorSpecific,
  'vendor-class-identifier': dhcpOption.vendorClass,
  vivso: dhcpOption.vendorIdentifying,
  'pcp-servers': dhcpOption.pcpServers,
};

/**
 * The options of the lease that an interface has, as dhclient keeps it (dhclient.leases(5)): of several the last, unless
 * it has run out by `now`, ms since 1970. Undefined where there is none.
 */
export function readDhclientLeases(text: string, interfaceName: string, now: number): DhcpOptions | undefined {
  let inLease = false;
  let lines: string[] = [];
  let last: readonly string[] | undefined;
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === 'lease {') {
      inLease = true;
      lines = [];
    } else if (line === '}' && inLease) {
      inLease = false;
      if (lines.includes(`interface "${interfaceName}";`)) last = lines;
    } else if (inLease) lines.push(line);
  }
  if (!last || hasRunOut(last, now)) return undefined;
  const options = new Map<number, Uint8Array>();
  for (const line of last) {
    const [, name = '', value = ''] = /^option (\S+) (.*);$/.exec(line) ?? [];
    const code = codes[name] ?? Number(/^unknown-(\d{1,3})$/.exec(name)?.[1] ?? 0);
    const bytes = code > 0 && code < 255 ? octets(value) : undefined;
    if (bytes) options.set(code, bytes);
  }
  return options;
}

/** `expire 6 2026/11/28 09:33:36;`, in UTC after the day of the week, or `expire epoch 1795858416;`, or `expire never;`. */
function hasRunOut(lines: readonly string[], now: number): boolean {
  const expire = lines.findLast((line) => line.startsWith('expire '));
  const epoch = /^expire epoch (\d{1,12});/.exec(expire ?? '')?.[1];
  if (epoch !== undefined) return Number(epoch) * 1_000 <= now;
  const [, date, time] = /^expire \d (\d{4}\/\d{2}\/\d{2}) (\d{2}:\d{2}:\d{2});/.exec(expire ?? '') ?? [];
  if (date === undefined) return false;
  return Date.parse(`${date.replaceAll('/', '-')}T${time}Z`) <= now;
}

/** A value: text in quotes, addresses, or octets in hexadecimal with colons between. */
function octets(value: string): Uint8Array | undefined {
  if (/^".*"$/.test(value)) return Buffer.from(unquoted(value.slice(1, -1)), 'latin1');
  if (/^[0-9a-f]{1,2}(?::[0-9a-f]{1,2})*$/i.test(value))
    return Uint8Array.from(value.split(':'), (octet) => Number.parseInt(octet, 16));
  return octetsOf(value.split(/\s*,\s*/));
}

function unquoted(text: string): string {
  return text.replace(/\\([0-7]{3}|.)/g, (_, what: string) =>
    what.length === 3 ? String.fromCharCode(Number.parseInt(what, 8) & 0xff) : what,
  );
}
