import { type DhcpOptions, dhcpOption, octetsOf } from './options.ts';

/** Members that stand for an option each. */
const codes: Readonly<Record<string, number>> = {
  ROUTER: dhcpOption.routers,
  SERVER_ADDRESS: dhcpOption.server,
  VENDOR_SPECIFIC: dhcpOption.vendorSpecific,
};

/**
 * The options of a lease as systemd-networkd keeps it, and NetworkManager's own client: a member a line. They keep few:
 * neither option 60, 125 nor 158. Undefined where it is no lease.
 */
export function readKeyValueLease(text: string): DhcpOptions | undefined {
  const members = new Map(
    text.split('\n').flatMap((line) => {
      const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trim()) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value] as const];
    }),
  );
  if (!members.has('ADDRESS')) return undefined;
  const options = new Map<number, Uint8Array>();
  for (const [name, value] of members) {
    const numbered = /^OPTION_(\d{1,3})$/.exec(name)?.[1];
    const code = codes[name] ?? (numbered === undefined ? undefined : Number(numbered));
    if (code === undefined || code === 0 || code > 254) continue;
    const isHex = numbered !== undefined || name === 'VENDOR_SPECIFIC';
    const bytes = isHex ? hexadecimal(value) : octetsOf(value.split(/\s+/));
    if (bytes) options.set(code, bytes);
  }
  return options;
}

function hexadecimal(text: string): Uint8Array | undefined {
  return /^(?:[0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : undefined;
}
