import { buildSdp, receivedAt } from '@sluice/wire/sdp';
import type { Audience } from '../receiving/receiving.ts';
import type { Presentation } from '../receiving/tracks.ts';
import { openUdpPair, openUdpPort } from './udp-port.ts';

/** Sends what is received on to a player on this device that knows RTP. */
export interface Relay extends AsyncDisposable {
  /** What the player is given: the ports on 127.0.0.1 that it shall listen on. */
  readonly sdp: string;
  readonly audience: Required<Pick<Audience, 'rtp' | 'rtcp'>>;
}

/** Finds free ports for the player, and the port that the packets come from. */
export async function openRelay({ description, tracks }: Presentation): Promise<Relay> {
  await using opened = new AsyncDisposableStack();
  const from = opened.use(await openUdpPort(4, 0));
  const places = new Map<string, number>();
  const found = [];
  for (const { streamId } of tracks) {
    // All are held until the last is found, so that they differ; then they are left to the player.
    const pair = await openUdpPair(4);
    found.push(...pair);
    places.set(streamId, pair[0].port);
  }
  await Promise.all(found.map((port) => port[Symbol.asyncDispose]()));
  const connection = { family: 4, address: '127.0.0.1' } as const;
  const placed = receivedAt(description, (_, index) => {
    const port = places.get(tracks[index]?.streamId ?? '') ?? 0;
    return { connection, port, rtcpPort: port + 1 };
  });
  const send = (streamId: string, bytes: Uint8Array, offset: 0 | 1) => {
    const port = places.get(streamId);
    if (port !== undefined) from.send(bytes, { address: '127.0.0.1', port: port + offset });
  };
  const kept = opened.move();
  return {
    sdp: buildSdp(placed),
    audience: {
      rtp: (streamId, bytes) => send(streamId, bytes, 0),
      rtcp: (streamId, bytes) => send(streamId, bytes, 1),
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
