/** Where SSDP is spoken (UPnP Device Architecture 1.1, section 1). */
export const ssdpPort = 1900;
/** The groups that devices listen to: IPv4, and IPv6 on the link. */
export const ssdpGroups = { 4: '239.255.255.250', 6: 'ff02::c' } as const;

/** A question: who has such a device or service? */
export interface SsdpSearch {
  readonly kind: 'search';
  /** "host:port" that it is sent to. */
  readonly host: string;
  /** Seconds over which devices spread their answers, 1..5; left out for one device, which answers at once. */
  readonly mostWait?: number;
  /** Device or service type, "upnp:rootdevice", "ssdp:all". */
  readonly target: string;
}

/** What a device says of itself, asked or not. */
interface SsdpPresence {
  /** What it has: the target of the question that it answers. */
  readonly target: string;
  /** Unique name: the device's "uuid:...", for a type followed by "::" and the type. */
  readonly usn: string;
  /** Where its description is: an absolute http URL. */
  readonly location?: string;
  /** Operating system, UPnP version, product. */
  readonly server?: string;
  /** Seconds that this holds. */
  readonly maxAge?: number;
  /** Grows with each boot of the device: BOOTID.UPNP.ORG, or 01-NLS of older ones. */
  readonly bootId?: string;
}

/** The answer to a question. */
export interface SsdpAnswer extends SsdpPresence {
  readonly kind: 'answer';
  readonly location: string;
}

/** News that nobody asked for. */
export interface SsdpNotice extends SsdpPresence {
  readonly kind: 'notice';
  readonly event: 'alive' | 'byebye' | 'update';
}

export type SsdpMessage = SsdpSearch | SsdpAnswer | SsdpNotice;

/** Longest datagram that is read, in octets. */
export const longestSsdp = 8_192;
const mostHeaders = 64;

/** The bytes of a message; throws RangeError where a value would break its line. */
export function buildSsdp(message: SsdpMessage): Uint8Array {
  const [start, headers] = partsOf(message);
  const fields = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  const lines = [start, ...fields];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what no header may hold.
  if (lines.some((line) => /[\0-\x08\x0a-\x1f\x7f]/.test(line))) throw new RangeError('a header of one line');
  return new TextEncoder().encode(`${lines.join('\r\n')}\r\n\r\n`);
}

function partsOf(message: SsdpMessage): [start: string, headers: Record<string, string | undefined>] {
  if (message.kind === 'search') {
    const { host, target, mostWait } = message;
    // The quotes are part of the value.
    return ['M-SEARCH * HTTP/1.1', { HOST: host, MAN: '"ssdp:discover"', MX: mostWait?.toString(), ST: target }];
  }
  const { usn, location, server, maxAge, bootId, target } = message;
  const presence = {
    'CACHE-CONTROL': maxAge === undefined ? undefined : `max-age=${maxAge}`,
    LOCATION: location,
    SERVER: server,
    USN: usn,
    'BOOTID.UPNP.ORG': bootId,
  };
  if (message.kind === 'answer') return ['HTTP/1.1 200 OK', { EXT: '', ...presence, ST: target }];
  const { event } = message;
  const host = `${ssdpGroups[4]}:${ssdpPort}`;
  return ['NOTIFY * HTTP/1.1', { HOST: host, ...presence, NT: target, NTS: `ssdp:${event}` }];
}

const starts = [
  ['search', /^M-SEARCH \* HTTP\/1\.[01]$/i],
  ['answer', /^HTTP\/1\.[01] 200\b/i],
  ['notice', /^NOTIFY \* HTTP\/1\.[01]$/i],
] as const;

/** Reads a datagram; undefined where it is no message of these. */
export function parseSsdp(datagram: Uint8Array): SsdpMessage | undefined {
  if (datagram.length > longestSsdp) return undefined;
  const [start = '', ...lines] = new TextDecoder().decode(datagram).split(/\r?\n/, mostHeaders + 1);
  const kind = starts.find(([, form]) => form.test(start.trimEnd()))?.[0];
  const headers = kind && headersIn(lines);
  if (!headers) return undefined;
  const target = headers.get('st') ?? headers.get('nt');
  if (!target) return undefined;
  if (kind === 'search') {
    const mostWait = wholeNumber(headers.get('mx'));
    if (headers.get('man') !== '"ssdp:discover"') return undefined;
    return { kind, host: headers.get('host') ?? '', target, ...(mostWait !== undefined && { mostWait }) };
  }
  const usn = headers.get('usn');
  if (!usn) return undefined;
  const location = httpUrl(headers.get('location'));
  const server = headers.get('server');
  const maxAge = wholeNumber(/max-age\s*=\s*(\d{1,9})/i.exec(headers.get('cache-control') ?? '')?.[1]);
  const bootId = headers.get('bootid.upnp.org') ?? headers.get('01-nls');
  const presence = {
    target,
    usn,
    ...(server && { server }),
    ...(maxAge !== undefined && { maxAge }),
    ...(bootId && { bootId }),
  };
  if (kind === 'answer') return location === undefined ? undefined : { kind, ...presence, location };
  const event = /^ssdp:(alive|byebye|update)$/.exec(headers.get('nts') ?? '')?.[1] as SsdpNotice['event'] | undefined;
  return event && { kind: 'notice', event, ...presence, ...(location !== undefined && { location }) };
}

/** The fields up to the empty line, by lower-case name; the first of a name counts. Undefined where a line is none. */
function headersIn(lines: readonly string[]): ReadonlyMap<string, string> | undefined {
  const headers = new Map<string, string>();
  for (const line of lines) {
    if (line === '') break;
    const colon = line.indexOf(':');
    if (colon < 1) return undefined;
    const name = line.slice(0, colon).trim().toLowerCase();
    if (!headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return headers;
}

function httpUrl(text: string | undefined): string | undefined {
  return text !== undefined && text.length <= 512 && /^http:\/\/[!-~]+$/i.test(text) && URL.canParse(text)
    ? text
    : undefined;
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
