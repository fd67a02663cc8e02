import type { CallBody } from '@sluice/api';
import { type CallPorts, type Port, parseIpAddress } from '@sluice/model';
import { type OfferedStream, readOffer, SdpMalformed, type StreamEnd, writeEnds } from '@sluice/wire/sdp';
import type { SipMessage } from '@sluice/wire/sip';

/** The session description in a message; undefined where there is none. */
export function sdpOf({ body }: SipMessage): string | undefined {
  const text = new TextDecoder().decode(body);
  return text.startsWith('v=') ? text : undefined;
}

/** A message with another session description. */
export function withSdp<T extends SipMessage>(message: T, sdp: string): T {
  return { ...message, body: new TextEncoder().encode(sdp) };
}

/** The streams of an offer or an answer; undefined where it cannot be read, or has what is no RTP. */
export function streamsIn(sdp: string): readonly OfferedStream[] | undefined {
  try {
    const streams = readOffer(sdp);
    const isRtp = ({ port, protocol }: OfferedStream) => port === 0 || /^RTP\/S?AVPF?$/.test(protocol);
    return streams.length > 0 && streams.every(isRtp) ? streams : undefined;
  } catch (error) {
    if (error instanceof SdpMalformed) return undefined;
    throw error;
  }
}

/** The name of a section's stream in a call: its kind, numbered from the second on. */
function nameOf(streams: readonly OfferedStream[], { index, media }: OfferedStream): string {
  const before = streams.filter((each) => each.index < index && each.media === media).length;
  const kind = /^[a-z0-9]{1,16}$/.test(media) ? media : 'media';
  return before === 0 ? kind : `${kind}-${before + 1}`;
}

/** What one party receives, as a call names it: RTP, and RTCP unless both have it on one port. `other`: the other party's streams, once they are known. */
export function partyStreams(
  streams: readonly OfferedStream[],
  other?: readonly OfferedStream[],
): CallBody['caller']['streams'] {
  return streams.flatMap((stream): CallBody['caller']['streams'] => {
    const across = other?.[stream.index];
    if (stream.port === 0 || across?.port === 0 || (other && !across)) return [];
    const id = nameOf(streams, stream);
    if (stream.rtcpMux && across?.rtcpMux) return [{ id, streamType: 'rtp-mux', localPort: stream.port }];
    return [
      { id, streamType: 'rtp', localPort: stream.port },
      { id: `${id}-rtcp`, streamType: 'rtcp', localPort: stream.rtcpPort, pairedWith: id },
    ];
  });
}

/** The device's own addresses that a description names, as far as they are any. */
export function addressesIn(streams: readonly OfferedStream[]): string[] {
  const named = new Set(streams.map(({ address }) => parseIpAddress(address)));
  return [...named].filter((address) => address !== undefined && address !== '0.0.0.0' && address !== '::') as string[];
}

/** Where a party's streams are received from outside, by section; none where nothing is translated. */
export function globalEnds(
  streams: readonly OfferedStream[],
  address: string,
  ports: CallPorts['caller'],
): readonly (StreamEnd | undefined)[] {
  return streams.map((stream) => {
    const id = nameOf(streams, stream);
    const port: Port | undefined = ports[id];
    if (stream.port === 0 || port === undefined) return undefined;
    return { address, port, rtcpPort: ports[`${id}-rtcp`] ?? port + 1 };
  });
}

/** Whether a later description of the same party names the same ends as before: a hold, and no other way. */
export function isSameWay(before: readonly OfferedStream[], now: readonly OfferedStream[]): boolean {
  return (
    now.length <= before.length &&
    now.every((stream, index) => {
      const known = before[index];
      return stream.port === 0 || (known?.port === stream.port && known.rtcpPort === stream.rtcpPort);
    })
  );
}

/** The ends of a party that describes itself anew: who holds in the old way (at 0.0.0.0, RFC 3264 8.4) goes on to say so. */
export function endsNow(
  streams: readonly OfferedStream[],
  ends: readonly (StreamEnd | undefined)[],
): readonly (StreamEnd | undefined)[] {
  return streams.map(({ port, address }, index) => {
    const end = ends[index];
    if (port === 0 || !end) return undefined;
    return address === '0.0.0.0' || address === '::' ? { ...end, address } : end;
  });
}

/** The description with these ends. */
export function atEnds(sdp: string, ends: readonly (StreamEnd | undefined)[]): string {
  return ends.some((end) => end !== undefined) ? writeEnds(sdp, ends) : sdp;
}
