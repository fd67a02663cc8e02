import type { SdpAttribute, SdpBandwidth, SdpConnection, SdpMedia, SessionDescription } from './description.ts';

/** Text that is no session description: what is wrong, and in which line (counted from 1). */
export class SdpMalformed extends Error {
  readonly line: number;
  constructor(message: string, line: number) {
    super(`${message} (line ${line})`);
    this.name = 'SdpMalformed';
    this.line = line;
  }
}

/** Longest text that is read, in characters. */
export const longestSdp = 65536;
/** Most lines and most media sections that are read. */
export const mostSdpLines = 1024;
export const mostSdpMedia = 64;

type Open<T> = { -readonly [K in keyof T]: T[K] };
type OpenMedia = Open<SdpMedia> & { bandwidths: SdpBandwidth[]; attributes: SdpAttribute[] };

/**
 * Reads a session description. Lines of types that are not modelled (i, u, e, p, r, z, k) are checked for form only and
 * left out. Throws {@link SdpMalformed}.
 */
export function parseSdp(text: string): SessionDescription {
  if (text.length > longestSdp) throw new SdpMalformed(`longer than ${longestSdp} characters`, 1);
  const lines = text.split(/\r\n|\r|\n/);
  while (lines.at(-1) === '') lines.pop();
  if (lines.length > mostSdpLines) throw new SdpMalformed(`more than ${mostSdpLines} lines`, mostSdpLines);
  if (lines[0] !== 'v=0') throw new SdpMalformed('does not begin with v=0', 1);
  let origin: SessionDescription['origin'] | undefined;
  let name: string | undefined;
  let timing: SessionDescription['timing'] | undefined;
  let connection: SdpConnection | undefined;
  const bandwidths: SdpBandwidth[] = [];
  const attributes: SdpAttribute[] = [];
  const media: OpenMedia[] = [];
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const number = index + 1;
    if (!/^[a-z]=/.test(line) || line.includes('\0')) throw new SdpMalformed('not a "type=value" line', number);
    const value = line.slice(2);
    const section = media.at(-1);
    switch (line[0]) {
      case 'v':
        throw new SdpMalformed('a second v= line', number);
      case 'o':
        origin = readOrigin(value, number);
        break;
      case 's':
        if (value === '') throw new SdpMalformed('empty s= line', number);
        name = value;
        break;
      case 't':
        timing ??= readTiming(value, number);
        break;
      case 'c':
        if (section) section.connection ??= readConnection(value, number);
        else connection = readConnection(value, number);
        break;
      case 'b':
        (section?.bandwidths ?? bandwidths).push(readBandwidth(value, number));
        break;
      case 'a':
        (section?.attributes ?? attributes).push(readAttribute(value, number));
        break;
      case 'm':
        if (media.length === mostSdpMedia) throw new SdpMalformed(`more than ${mostSdpMedia} media sections`, number);
        media.push(readMedia(value, number));
        break;
    }
  }
  if (!origin) throw new SdpMalformed('no o= line', lines.length);
  if (name === undefined) throw new SdpMalformed('no s= line', lines.length);
  const session = { origin, name, bandwidths, timing: timing ?? { start: 0, stop: 0 }, attributes, media };
  return connection ? { ...session, connection } : session;
}

/** The text of a description, lines ended by CRLF. Throws RangeError where a value would break a line. */
export function buildSdp(description: SessionDescription): string {
  const { origin, timing } = description;
  const lines = [
    'v=0',
    `o=${origin.username} ${origin.sessionId} ${origin.sessionVersion} IN IP${origin.family} ${origin.address}`,
    `s=${description.name}`,
    ...connectionLines(description.connection),
    ...bandwidthLines(description.bandwidths),
    `t=${timing.start} ${timing.stop}`,
    ...attributeLines(description.attributes),
  ];
  for (const media of description.media) {
    lines.push(`m=${media.kind} ${media.port} ${media.protocol} ${media.formats.join(' ')}`);
    lines.push(...connectionLines(media.connection), ...bandwidthLines(media.bandwidths));
    lines.push(...attributeLines(media.attributes));
  }
  for (const line of lines) {
    if (/[\r\n\0]/.test(line)) throw new RangeError(`a line break inside ${JSON.stringify(line)}`);
  }
  return `${lines.join('\r\n')}\r\n`;
}

function readOrigin(value: string, line: number): SessionDescription['origin'] {
  const match = /^(\S+) (\d+) (\d+) IN IP([46]) (\S+)$/.exec(value);
  if (!match) throw new SdpMalformed('o= is "user id version IN IP4|IP6 address"', line);
  const [, username = '', sessionId = '', sessionVersion = '', family, address = ''] = match;
  return { username, sessionId, sessionVersion, family: family === '6' ? 6 : 4, address };
}

function readTiming(value: string, line: number): SessionDescription['timing'] {
  const match = /^(\d{1,15}) (\d{1,15})$/.exec(value);
  if (!match) throw new SdpMalformed('t= is "start stop"', line);
  return { start: Number(match[1]), stop: Number(match[2]) };
}

function readConnection(value: string, line: number): SdpConnection {
  const match = /^IN IP([46]) ([^\s/]+)(?:\/\d{1,3}){0,2}$/.exec(value);
  if (!match) throw new SdpMalformed('c= is "IN IP4|IP6 address"', line);
  return { family: match[1] === '6' ? 6 : 4, address: match[2] ?? '' };
}

function readBandwidth(value: string, line: number): SdpBandwidth {
  const match = /^([A-Za-z0-9.-]{1,32}):(\d{1,15})$/.exec(value);
  if (!match) throw new SdpMalformed('b= is "type:number"', line);
  return { type: match[1] ?? '', value: Number(match[2]) };
}

function readAttribute(value: string, line: number): SdpAttribute {
  const colon = value.indexOf(':');
  const name = colon < 0 ? value : value.slice(0, colon);
  if (!/^[!#-'*+.\w^`{|}~-]+$/.test(name)) throw new SdpMalformed('a= is "name" or "name:value"', line);
  return colon < 0 ? { name } : { name, value: value.slice(colon + 1) };
}

function readMedia(value: string, line: number): OpenMedia {
  const match = /^(\S+) (\d{1,5})(?:\/\d{1,5})? (\S+) (\S+(?: \S+){0,63}) *$/.exec(value);
  if (!match || Number(match[2]) > 65535) throw new SdpMalformed('m= is "kind port protocol formats"', line);
  const [, kind = '', port, protocol = '', formats = ''] = match;
  return { kind, port: Number(port), protocol, formats: formats.split(' '), bandwidths: [], attributes: [] };
}

function connectionLines(connection: SdpConnection | undefined): string[] {
  return connection ? [`c=IN IP${connection.family} ${connection.address}`] : [];
}

function bandwidthLines(bandwidths: readonly SdpBandwidth[]): string[] {
  return bandwidths.map((bandwidth) => `b=${bandwidth.type}:${bandwidth.value}`);
}

function attributeLines(attributes: readonly SdpAttribute[]): string[] {
  return attributes.map(({ name, value }) => (value === undefined ? `a=${name}` : `a=${name}:${value}`));
}
