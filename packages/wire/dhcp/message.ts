import { type DhcpOptions, dhcpOption } from './options.ts';

/** Where the options begin, after the fixed members (RFC 2131 2). */
const optionsAt = 240;
const cookie = 0x63825363;
const [serverNameAt, fileAt, fileEnd] = [44, 108, 236];

/** The options of a DHCP message from a server, as dhcpcd keeps it; undefined where it is none. */
export function readDhcpMessage(bytes: Uint8Array): DhcpOptions | undefined {
  if (bytes.length < optionsAt || bytes[0] !== 2) return undefined;
  if (new DataView(bytes.buffer, bytes.byteOffset).getUint32(optionsAt - 4) !== cookie) return undefined;
  const options = new Map<number, Uint8Array>();
  collect(bytes.subarray(optionsAt), options);
  // Options go on in the members for names where there was no room (RFC 2132 9.3).
  const [overload = 0] = options.get(dhcpOption.overload) ?? [];
  if (overload === 1 || overload === 3) collect(bytes.subarray(fileAt, fileEnd), options);
  if (overload === 2 || overload === 3) collect(bytes.subarray(serverNameAt, fileAt), options);
  return options;
}

function collect(bytes: Uint8Array, into: Map<number, Uint8Array>): void {
  for (let at = 0; at < bytes.length; ) {
    const code = bytes[at] ?? 255;
    if (code === 255) return;
    if (code === 0) {
      at++;
      continue;
    }
    const length = bytes[at + 1] ?? 0;
    const value = bytes.subarray(at + 2, at + 2 + length);
    if (value.length !== length) return;
    const before = into.get(code);
    into.set(code, before ? Buffer.concat([before, value]) : value);
    at += 2 + length;
  }
}
