/** Options by code, parts of one option joined (RFC 3396). */
export type DhcpOptions = ReadonlyMap<number, Uint8Array>;

/** Codes that are read (RFC 2132, RFC 3925, RFC 7291). */
export const dhcpOption = {
  routers: 3,
  vendorSpecific: 43,
  overload: 52,
  server: 54,
  vendorClass: 60,
  vendorIdentifying: 125,
  pcpServers: 158,
} as const;

/** The Broadband Forum's enterprise number. */
const broadbandForum = 3561;
/** Within option 43 of a server that serves "dslforum.org" (TR-069 table 1). */
const inOption43 = { acsUrl: 1 } as const;
/** Within option 125 (TR-069 Annex F and table 1, TR-369 R-DIS.1). */
const inOption125 = {
  gatewayOui: 4,
  gatewaySerial: 5,
  gatewayProductClass: 6,
  acsUrl: 11,
  controllerUrl: 25,
  controllerId: 29,
} as const;

/** What options say that tells of the gateway. IPv4 addresses as text, whatever they are of. */
export interface DhcpTold {
  /** Who gave the lease. */
  readonly server?: string;
  readonly routers: readonly string[];
  readonly vendorClass?: string;
  /** The TR-069 configuration server. */
  readonly acsUrl?: string;
  /** The USP controller: a URL or a name, and its endpoint id. */
  readonly controllerUrl?: string;
  readonly controllerId?: string;
  /** Which TR-069 device the gateway is. */
  readonly gateway?: { readonly oui: string; readonly serialNumber: string; readonly productClass?: string };
  readonly pcpServers: readonly string[];
}

/** Longest text that is believed. */
const mostText = 256;
const mostAddresses = 8;

/** Reads what options say. What cannot be so is left out. */
export function toldIn(options: DhcpOptions): DhcpTold {
  const forum = ofEnterprise(options.get(dhcpOption.vendorIdentifying));
  const vendor = subOptions(options.get(dhcpOption.vendorSpecific) ?? new Uint8Array());
  const [server] = addressesIn(options.get(dhcpOption.server));
  const text = (code: keyof typeof inOption125) => textIn(forum.get(inOption125[code]));
  const vendorClass = textIn(options.get(dhcpOption.vendorClass));
  const acsUrl = webAddress(text('acsUrl')) ?? webAddress(textIn(vendor.get(inOption43.acsUrl)));
  const [controllerUrl, controllerId] = [text('controllerUrl'), text('controllerId')];
  const gateway = identityIn(text('gatewayOui'), text('gatewaySerial'), text('gatewayProductClass'));
  return {
    ...(server !== undefined && { server }),
    routers: addressesIn(options.get(dhcpOption.routers)),
    ...(vendorClass !== undefined && { vendorClass }),
    ...(acsUrl !== undefined && { acsUrl }),
    ...(controllerUrl !== undefined && { controllerUrl }),
    ...(controllerId !== undefined && { controllerId }),
    ...(gateway && { gateway }),
    pcpServers: pcpServersIn(options.get(dhcpOption.pcpServers)),
  };
}

/** The addresses of an option, four octets each. */
function addressesIn(bytes: Uint8Array | undefined): readonly string[] {
  if (!bytes || bytes.length % 4 !== 0) return [];
  const found: string[] = [];
  for (let at = 0; at < bytes.length && found.length < mostAddresses; at += 4)
    found.push(bytes.subarray(at, at + 4).join('.'));
  return found;
}

/** Lists of addresses, each after its length (RFC 7291 4). */
function pcpServersIn(bytes: Uint8Array | undefined): readonly string[] {
  const found: string[] = [];
  for (let at = 0; bytes && at < bytes.length; ) {
    const length = bytes[at] ?? 0;
    const list = bytes.subarray(at + 1, at + 1 + length);
    if (length === 0 || list.length !== length) break;
    found.push(...addressesIn(list));
    at += 1 + length;
  }
  return found.slice(0, mostAddresses);
}

/** The sub-options that are the Broadband Forum's (RFC 3925 4). */
function ofEnterprise(bytes: Uint8Array = new Uint8Array()): DhcpOptions {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const length = bytes[at + 4] ?? 0;
    const part = bytes.subarray(at + 5, at + 5 + length);
    if (part.length !== length) break;
    if (view.getUint32(at) === broadbandForum) parts.push(part);
    at += 5 + length;
  }
  return subOptions(Buffer.concat(parts));
}

/** Code, length, value, one after the other; ends where that does not go on. */
function subOptions(bytes: Uint8Array): DhcpOptions {
  const found = new Map<number, Uint8Array>();
  for (let at = 0; at + 2 <= bytes.length; ) {
    const [code = 0, length = 0] = bytes.subarray(at, at + 2);
    if (code === 0) {
      at++;
      continue;
    }
    const value = bytes.subarray(at + 2, at + 2 + length);
    if (code === 255 || value.length !== length) break;
    if (!found.has(code)) found.set(code, value);
    at += 2 + length;
  }
  return found;
}

/** Printable ASCII, without the NULs that some servers end it with. */
function textIn(bytes: Uint8Array | undefined): string | undefined {
  const text = bytes && Buffer.from(bytes).toString('latin1').replace(/\0+$/, '');
  return text !== undefined && text.length <= mostText && /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text)
    ? text
    : undefined;
}

function webAddress(text: string | undefined): string | undefined {
  return text !== undefined && /^https?:\/\/[^\s]+$/i.test(text) && URL.canParse(text) ? text : undefined;
}

function identityIn(oui: string | undefined, serialNumber: string | undefined, productClass: string | undefined) {
  if (oui === undefined || serialNumber === undefined || !/^[0-9A-Fa-f]{6}$/.test(oui) || serialNumber.length > 64)
    return undefined;
  return {
    oui: oui.toUpperCase(),
    serialNumber,
    ...(productClass !== undefined && productClass.length <= 64 && { productClass }),
  };
}

/** The octets of IPv4 addresses in text, one after the other; undefined where one of the words is none. */
export function octetsOf(words: readonly string[]): Uint8Array | undefined {
  const octets = words.map((word) =>
    /^\d{1,3}(?:\.\d{1,3}){3}$/.test(word) ? word.split('.').map(Number) : undefined,
  );
  return octets.every((four) => four?.every((octet) => octet <= 255))
    ? Uint8Array.from(octets.flat() as number[])
    : undefined;
}
