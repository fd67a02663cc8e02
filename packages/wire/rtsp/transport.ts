/** One choice in a Transport header (RFC 2326 12.39). */
export interface RtspTransport {
  /** "RTP/AVP", "RTP/AVP/TCP", ... */
  readonly protocol: string;
  readonly delivery: 'unicast' | 'multicast';
  /** Channels of RTP and RTCP in the connection itself. */
  readonly interleaved?: readonly [number, number];
  readonly clientPort?: readonly [number, number];
  readonly serverPort?: readonly [number, number];
  /** Where the packets come from, where it is not the peer of the connection: an address or a name. */
  readonly source?: string;
  /** "play" unless it says otherwise; in lower case. */
  readonly mode: 'play' | 'record';
  /** 32 bits. */
  readonly ssrc?: number;
}

/** Reads the choices of a Transport header in order of preference; those that are malformed are left out. */
export function parseTransport(header: string): readonly RtspTransport[] {
  return header
    .slice(0, 4096)
    .split(',')
    .map(readChoice)
    .filter((choice) => choice !== undefined);
}

/** The text of a Transport header with one choice. */
export function buildTransport(transport: RtspTransport): string {
  const { interleaved, clientPort, serverPort, source, ssrc } = transport;
  const parts = [transport.protocol, transport.delivery];
  if (source !== undefined) parts.push(`source=${source}`);
  if (interleaved) parts.push(`interleaved=${interleaved[0]}-${interleaved[1]}`);
  if (clientPort) parts.push(`client_port=${clientPort[0]}-${clientPort[1]}`);
  if (serverPort) parts.push(`server_port=${serverPort[0]}-${serverPort[1]}`);
  if (ssrc !== undefined) parts.push(`ssrc=${ssrc.toString(16).toUpperCase().padStart(8, '0')}`);
  parts.push(`mode=${transport.mode}`);
  return parts.join(';');
}

function readChoice(text: string): RtspTransport | undefined {
  const [protocol = '', ...parameters] = text.trim().split(';');
  if (!/^RTP\/[A-Z]+(\/[A-Z]+)?$/.test(protocol)) return undefined;
  const named = new Map<string, string>();
  let delivery: RtspTransport['delivery'] = 'multicast';
  for (const parameter of parameters) {
    const equals = parameter.indexOf('=');
    if (parameter.trim() === 'unicast') delivery = 'unicast';
    if (equals > 0) named.set(parameter.slice(0, equals).trim().toLowerCase(), parameter.slice(equals + 1).trim());
  }
  const mode = (named.get('mode') ?? 'play').replaceAll('"', '').toLowerCase();
  const interleaved = readPair(named.get('interleaved'), 255);
  const clientPort = readPair(named.get('client_port'), 65535);
  const serverPort = readPair(named.get('server_port'), 65535);
  const ssrc = /^[0-9a-f]{1,8}$/i.test(named.get('ssrc') ?? '')
    ? Number.parseInt(named.get('ssrc') ?? '', 16)
    : undefined;
  const source = /^[A-Za-z0-9.:_-]{1,253}$/.test(named.get('source') ?? '') ? named.get('source') : undefined;
  return {
    protocol,
    delivery,
    ...(source !== undefined && { source }),
    mode: mode === 'record' || mode === 'receive' ? 'record' : 'play',
    ...(interleaved && { interleaved }),
    ...(clientPort && { clientPort }),
    ...(serverPort && { serverPort }),
    ...(ssrc !== undefined && { ssrc }),
  };
}

function readPair(text: string | undefined, most: number): readonly [number, number] | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text ?? '');
  if (!match) return undefined;
  const first = Number(match[1]);
  const second = match[2] === undefined ? first + 1 : Number(match[2]);
  return first > most || second > most ? undefined : [first, second];
}
