import {
  familyOf,
  isPort,
  isUnicastHost,
  type Refusal,
  type RequestedStream,
  refuse,
  transportOf,
} from '@sluice/model';

/** What a request says wrong of its own streams, whatever the gateway; undefined where nothing. */
export function checkStreams(streams: readonly RequestedStream[]): Refusal | undefined {
  if (streams.length === 0) return refuse('malformed', 'the request names no stream');
  const ids = new Set<string>();
  const paths = new Set<string>();
  for (const stream of streams) {
    if (ids.has(stream.id)) return refuse('malformed', `the stream ${stream.id} is named twice`, stream.id);
    ids.add(stream.id);
    const wrong = checkStream(stream);
    if (wrong) return wrong;
    const path = [transportOf(stream.streamType), stream.remote.address, stream.remote.port, stream.localPort].join(
      ' ',
    );
    if (paths.has(path))
      return refuse(
        'malformed',
        `the stream ${stream.id} has the same two ends as another; give it another port`,
        stream.id,
      );
    paths.add(path);
  }
  return checkPairs(streams);
}

function checkStream(stream: RequestedStream): Refusal | undefined {
  if (stream.streamType === 'esp') {
    if (stream.localPort !== 0 || stream.remote.port !== 0)
      return refuse('port-invalid', `the stream ${stream.id} is of ESP, which has no ports: they are 0`, stream.id);
  } else if (!isPort(stream.localPort))
    return refuse('port-invalid', `the local port ${stream.localPort} of ${stream.id} is not 1 to 65535`, stream.id);
  else if (!isPort(stream.remote.port))
    return refuse(
      'port-invalid',
      `the server's port ${stream.remote.port} of ${stream.id} is not 1 to 65535`,
      stream.id,
    );
  if (!isUnicastHost(stream.remote.address))
    return refuse(
      'address-not-unicast',
      `the server ${stream.remote.address} of ${stream.id} is no single host`,
      stream.id,
    );
  if (stream.payloadType !== undefined && stream.streamType !== 'rtp')
    return refuse('malformed', `the stream ${stream.id} is not RTP but names a payload type`, stream.id);
  return undefined;
}

/** RTCP belongs to one RTP stream of the same request, from the same server to the same home (RFC 3550 11). */
function checkPairs(streams: readonly RequestedStream[]): Refusal | undefined {
  const taken = new Set<string>();
  for (const { id, streamType, pairedWith, remote } of streams) {
    if (pairedWith === undefined) continue;
    const partner = streams.find((stream) => stream.id === pairedWith);
    const fits = streamType === 'rtcp' && partner?.streamType === 'rtp' && !taken.has(pairedWith);
    if (!fits || familyOf(partner.remote.address) !== familyOf(remote.address))
      return refuse(
        'malformed',
        `the stream ${id} is paired with ${pairedWith}, which is no free RTP stream of this request`,
        id,
      );
    taken.add(pairedWith);
  }
  return undefined;
}
