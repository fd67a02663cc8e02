/** Parameters by lower-case name; one without a value is a flag. */
export type SipParameters = ReadonlyMap<string, string | undefined>;

/** One Via (RFC 3261 20.42): who sent it, and where its answer goes (RFC 3581). */
export interface SipVia {
  /** "UDP", "TCP", ... */
  readonly transport: string;
  readonly host: string;
  readonly port?: number;
  readonly params: SipParameters;
}

/** A From, To, Contact, Route or Record-Route value (RFC 3261 20.10). */
export interface SipAddress {
  /** Without its quotes. */
  readonly display?: string;
  readonly uri: string;
  readonly params: SipParameters;
}

/** `sip:alice@home.example:5060;transport=tcp` (RFC 3261 19.1). */
export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  readonly user?: string;
  /** A name, an IPv4 address, or an IPv6 address without its brackets. */
  readonly host: string;
  readonly port?: number;
  readonly params: SipParameters;
}

const longest = 1_024;
const hostPort = String.raw`(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,255})(?:[ \t]*:[ \t]*(\d{1,5}))?`;
const viaForm = new RegExp(
  String.raw`^SIP[ \t]*/[ \t]*2\.0[ \t]*/[ \t]*([A-Za-z0-9-]{1,16})[ \t]+${hostPort}(.*)$`,
  's',
);
const uriForm = new RegExp(String.raw`^(sips?):(?:([^@\s<>"]{1,256})@)?${hostPort}([^\s<>"]*)$`, 'is');

/** Reads one Via; undefined where it is none. */
export function parseVia(value: string): SipVia | undefined {
  const [, transport = '', host = '', port, rest = ''] = (value.length <= longest && viaForm.exec(value)) || [];
  const params = parametersOf(rest);
  if (transport === '' || !params || !isPortText(port)) return undefined;
  return { transport: transport.toUpperCase(), ...place(host, port), params };
}

/** The value of a Via. */
export function formatVia({ transport, host, port, params }: SipVia): string {
  return `SIP/2.0/${transport} ${formatPlace(host, port)}${formatParameters(params)}`;
}

/** Reads a name and address, or an address alone; undefined where it is none. `*` is none. */
export function parseAddress(value: string): SipAddress | undefined {
  if (value.length > longest) return undefined;
  const named = /^(?:"((?:[^"\\]|\\.)*)"|([^"<]*?))[ \t]*<([^<>\s]{1,512})>(.*)$/s.exec(value);
  if (named) {
    const [, quoted, token = '', uri = '', rest = ''] = named;
    const params = parametersOf(rest);
    const display = quoted === undefined ? token.trim() : quoted.replace(/\\(.)/gs, '$1');
    return params && { ...(display !== '' && { display }), uri, params };
  }
  // RFC 3261 20.10: without brackets, parameters are the field's.
  const [, uri, rest = ''] = /^([^\s<>";,]{1,512})(.*)$/s.exec(value) ?? [];
  const params = parametersOf(rest);
  return uri === undefined || !params || !uri.includes(':') ? undefined : { uri, params };
}

/** The value of a From, To, Contact, Route or Record-Route. */
export function formatAddress({ display, uri, params }: SipAddress): string {
  const name = display === undefined ? '' : `"${display.replace(/["\\]/g, '\\$&')}" `;
  return `${name}<${uri}>${formatParameters(params)}`;
}

/** Reads a SIP URI; undefined where it is none. Headers in it (`?`) are left out. */
export function parseSipUri(text: string): SipUri | undefined {
  const [, scheme = '', user, host = '', port, rest = ''] = (text.length <= longest && uriForm.exec(text)) || [];
  const params = parametersOf(rest.split('?')[0] ?? '');
  if (scheme === '' || !params || !isPortText(port)) return undefined;
  return {
    scheme: scheme.toLowerCase() === 'sips' ? 'sips' : 'sip',
    ...(user !== undefined && { user }),
    ...place(host, port),
    params,
  };
}

/** The text of a SIP URI. */
export function formatSipUri({ scheme, user, host, port, params }: SipUri): string {
  return `${scheme}:${user === undefined ? '' : `${user}@`}${formatPlace(host, port)}${formatParameters(params)}`;
}

/** Reads a CSeq (RFC 3261 20.16); undefined where it is none. */
export function parseCSeq(value: string): { readonly number: number; readonly method: string } | undefined {
  const [, number, method = ''] = /^(\d{1,10})[ \t]+([A-Z]{1,32})$/.exec(value) ?? [];
  return number === undefined || Number(number) >= 2 ** 31 ? undefined : { number: Number(number), method };
}

/** `;a=b;c="d;e"`; undefined where it is no row of parameters. */
function parametersOf(text: string): Map<string, string | undefined> | undefined {
  const params = new Map<string, string | undefined>();
  const form = /[ \t]*;[ \t]*([!%*_+`'~.0-9A-Za-z-]{1,64})(?:[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^\s;,"<>]*))?[ \t]*/sy;
  while (form.lastIndex < text.length) {
    const found = form.exec(text);
    if (!found) return undefined;
    const [, name = '', value] = found;
    if (!params.has(name.toLowerCase())) params.set(name.toLowerCase(), value);
  }
  return params;
}

function formatParameters(params: SipParameters): string {
  return [...params].map(([name, value]) => (value === undefined ? `;${name}` : `;${name}=${value}`)).join('');
}

function isPortText(port: string | undefined): boolean {
  return port === undefined || (Number(port) >= 1 && Number(port) <= 65_535);
}

function place(host: string, port: string | undefined): { readonly host: string; readonly port?: number } {
  return { host: host.replace(/^\[|\]$/g, ''), ...(port !== undefined && { port: Number(port) }) };
}

function formatPlace(host: string, port: number | undefined): string {
  return `${host.includes(':') ? `[${host}]` : host}${port === undefined ? '' : `:${port}`}`;
}
