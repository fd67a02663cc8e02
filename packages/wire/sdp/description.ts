/** `a=name` or `a=name:value`. */
export interface SdpAttribute {
  readonly name: string;
  readonly value?: string;
}

/** `c=IN IP4 203.0.113.10` (RFC 8866 5.7), without the multicast TTL and count. */
export interface SdpConnection {
  readonly family: 4 | 6;
  readonly address: string;
}

/** `b=AS:600` (RFC 8866 5.8). */
export interface SdpBandwidth {
  readonly type: string;
  /** In kbit/s for AS and CT. */
  readonly value: number;
}

/** One `m=` section. */
export interface SdpMedia {
  /** audio, video, text, application or message. */
  readonly kind: string;
  /** 0: no port (refused, or not yet known). */
  readonly port: number;
  /** "RTP/AVP", "TCP", ... */
  readonly protocol: string;
  /** For RTP the payload types, in text. */
  readonly formats: readonly string[];
  readonly connection?: SdpConnection;
  readonly bandwidths: readonly SdpBandwidth[];
  readonly attributes: readonly SdpAttribute[];
}

/** The part of a session description (RFC 8866) that senders and receivers of RTP agree on. */
export interface SessionDescription {
  readonly origin: {
    readonly username: string;
    readonly sessionId: string;
    readonly sessionVersion: string;
    readonly family: 4 | 6;
    readonly address: string;
  };
  /** `s=`; a single space stands for none. */
  readonly name: string;
  readonly connection?: SdpConnection;
  readonly bandwidths: readonly SdpBandwidth[];
  /** `t=` start and stop in NTP seconds; 0 0 is unbounded. */
  readonly timing: { readonly start: number; readonly stop: number };
  readonly attributes: readonly SdpAttribute[];
  readonly media: readonly SdpMedia[];
}

/** `a=rtpmap:96 H264/90000` or `a=rtpmap:97 MPEG4-GENERIC/44100/2` (RFC 8866 6.6). */
export interface RtpMap {
  readonly payloadType: number;
  readonly encoding: string;
  readonly clockRate: number;
  /** Audio only; left out means 1. */
  readonly channels?: number;
}

/** The value of the first attribute of that name; "" for a flag, undefined if there is none. */
export function sdpAttribute(attributes: readonly SdpAttribute[], name: string): string | undefined {
  const found = attributes.find((attribute) => attribute.name === name);
  return found && (found.value ?? '');
}

/** Payload types that need no `a=rtpmap` (RFC 3551 6). */
const staticMaps: readonly RtpMap[] = [
  { payloadType: 0, encoding: 'PCMU', clockRate: 8000 },
  { payloadType: 3, encoding: 'GSM', clockRate: 8000 },
  { payloadType: 8, encoding: 'PCMA', clockRate: 8000 },
  { payloadType: 9, encoding: 'G722', clockRate: 8000 },
  { payloadType: 10, encoding: 'L16', clockRate: 44100, channels: 2 },
  { payloadType: 11, encoding: 'L16', clockRate: 44100 },
  { payloadType: 14, encoding: 'MPA', clockRate: 90000 },
  { payloadType: 26, encoding: 'JPEG', clockRate: 90000 },
  { payloadType: 31, encoding: 'H261', clockRate: 90000 },
  { payloadType: 32, encoding: 'MPV', clockRate: 90000 },
  { payloadType: 33, encoding: 'MP2T', clockRate: 90000 },
  { payloadType: 34, encoding: 'H263', clockRate: 90000 },
];

/** How the payload types of a media section are encoded: what `a=rtpmap` says, then static ones that are among its formats. */
export function rtpMapsOf(media: SdpMedia): readonly RtpMap[] {
  const maps: RtpMap[] = [];
  for (const { name, value } of media.attributes) {
    const match = name === 'rtpmap' && /^(\d{1,3}) +([^/ ]{1,64})\/(\d{1,10})(?:\/(\d{1,3}))? *$/.exec(value ?? '');
    if (!match) continue;
    const [, payloadType, encoding = '', clockRate, channels] = match;
    if (Number(payloadType) > 127 || Number(clockRate) === 0) continue;
    const map = { payloadType: Number(payloadType), encoding, clockRate: Number(clockRate) };
    maps.push(channels === undefined ? map : { ...map, channels: Number(channels) });
  }
  const wellKnown = staticMaps.filter(
    ({ payloadType }) =>
      media.formats.includes(String(payloadType)) && !maps.some((map) => map.payloadType === payloadType),
  );
  return [...maps, ...wellKnown];
}

/** The format parameters of a payload type, by lower-case name (`a=fmtp`); empty if there are none. */
export function formatParametersOf(media: SdpMedia, payloadType: number): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const { name, value = '' } of media.attributes) {
    const space = value.indexOf(' ');
    if (name !== 'fmtp' || value.slice(0, space) !== String(payloadType)) continue;
    for (const part of value.slice(space + 1).split(';')) {
      const equals = part.indexOf('=');
      const key = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
      if (key) parameters.set(key, equals < 0 ? '' : part.slice(equals + 1).trim());
    }
  }
  return parameters;
}

/**
 * The same description with each media section received at an address and port, as a player needs it: `place` is given
 * each section and its index. Adds `a=rtcp:` (RFC 3605) where the RTCP port is not the next one. The session-level
 * connection is dropped, as every section gets its own.
 */
export function receivedAt(
  description: SessionDescription,
  place: (
    media: SdpMedia,
    index: number,
  ) => { readonly connection: SdpConnection; readonly port: number; readonly rtcpPort?: number },
): SessionDescription {
  const { connection: _, ...session } = description;
  const media = description.media.map((section, index) => {
    const { connection, port, rtcpPort } = place(section, index);
    const attributes = section.attributes.filter((attribute) => attribute.name !== 'rtcp');
    if (rtcpPort !== undefined && rtcpPort !== port + 1) attributes.push({ name: 'rtcp', value: String(rtcpPort) });
    return { ...section, connection, port, attributes };
  });
  return { ...session, media };
}
