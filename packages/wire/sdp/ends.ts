import { sdpAttribute } from './description.ts';
import { parseSdp } from './text.ts';

/** One `m=` section of an offer or an answer (RFC 3264): where its party wants to receive. */
export interface OfferedStream {
  /** Among the sections; an answer's are in the order of the offer's. */
  readonly index: number;
  /** "audio", "video", ... */
  readonly media: string;
  /** "RTP/AVP", "RTP/SAVP", ... */
  readonly protocol: string;
  /** 0: refused, or ended. */
  readonly port: number;
  /** `a=rtcp` (RFC 3605), else the next one; the same as `port` where both are muxed. */
  readonly rtcpPort: number;
  /** `a=rtcp-mux` (RFC 5761); holds where both sides say it. */
  readonly rtcpMux: boolean;
  readonly address: string;
  readonly direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
  /** RTP payload types, in text. */
  readonly formats: readonly string[];
}

/** Where a party is to be sent to instead. */
export interface StreamEnd {
  readonly address: string;
  readonly port: number;
  readonly rtcpPort: number;
}

const directions = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const;

/** The streams of an offer or an answer. Throws SdpMalformed. */
export function readOffer(sdp: string): readonly OfferedStream[] {
  const { connection, attributes, media } = parseSdp(sdp);
  const directionIn = (of: typeof attributes) =>
    directions.find((direction) => sdpAttribute(of, direction) !== undefined);
  return media.map((section, index) => {
    const rtcp = /^(\d{1,5})(?: |$)/.exec(sdpAttribute(section.attributes, 'rtcp') ?? '')?.[1];
    const rtcpMux = sdpAttribute(section.attributes, 'rtcp-mux') !== undefined;
    return {
      index,
      media: section.kind,
      protocol: section.protocol,
      port: section.port,
      rtcpPort: rtcp === undefined ? section.port + 1 : Number(rtcp),
      rtcpMux,
      address: (section.connection ?? connection)?.address ?? '',
      direction: directionIn(section.attributes) ?? directionIn(attributes) ?? 'sendrecv',
      formats: section.formats,
    };
  });
}

/**
 * The same text with other ends, by section: its port, its `c=` and its `a=rtcp`; a section without one stays as it is. The
 * session's own `c=` is that of the first end, candidates for other ways (ICE, RFC 8839) are taken out, all else is
 * untouched. Throws SdpMalformed.
 */
export function writeEnds(sdp: string, ends: readonly (StreamEnd | undefined)[]): string {
  const sections = partedIntoSections(sdp);
  const [session = [], ...media] = sections;
  parseSdp(sdp);
  const first = ends.find((end) => end !== undefined);
  const written = [
    ...session
      .filter((line) => !isCandidate(line))
      .map((line) => (first && line.startsWith('c=') ? connectionOf(first) : line)),
    ...media.flatMap((lines, index) => {
      const end = ends[index];
      return end ? sectionAt(lines, end) : lines;
    }),
  ];
  return `${written.join('\r\n')}\r\n`;
}

function sectionAt(
  [first = '', ...lines]: readonly string[],
  { port, rtcpPort, ...end }: StreamEnd,
): readonly string[] {
  const kept = lines.filter((line) => !line.startsWith('c=') && !/^a=rtcp:/.test(line) && !isCandidate(line));
  // RFC 8866 5: a title, if there is one, comes before c=.
  const titles = kept.filter((line) => line.startsWith('i='));
  const others = kept.filter((line) => !line.startsWith('i='));
  const isMuxed = kept.includes('a=rtcp-mux');
  return [
    first.replace(/^(m=\S+ )\d+(?:\/\d+)?/, `$1${port}`),
    ...titles,
    connectionOf({ ...end, port, rtcpPort }),
    ...others,
    ...(rtcpPort === port + 1 || isMuxed ? [] : [`a=rtcp:${rtcpPort}`]),
  ];
}

function connectionOf({ address }: StreamEnd): string {
  return `c=IN ${address.includes(':') ? 'IP6' : 'IP4'} ${address}`;
}

function isCandidate(line: string): boolean {
  return /^a=(candidate|remote-candidates|end-of-candidates|ice-ufrag|ice-pwd|ice-options|ice-lite|ice-mismatch)\b/.test(
    line,
  );
}

/** The lines of the session, then those of each `m=`. */
function partedIntoSections(sdp: string): readonly (readonly string[])[] {
  const lines = sdp.split(/\r\n|\r|\n/);
  while (lines.at(-1) === '') lines.pop();
  const sections: string[][] = [[]];
  for (const line of lines) {
    if (line.startsWith('m=')) sections.push([]);
    sections.at(-1)?.push(line);
  }
  return sections;
}
