import { type ContentStream, type Family, type Port, plainTransportOf } from '@sluice/model';
import { openTcpPort, type TcpPort } from './tcp-port.ts';
import { type Aside, openUdpPair, openUdpPort, type UdpPort } from './udp-port.ts';

/** This device's port of each stream, open before anybody is told of them. */
export interface LocalPorts extends AsyncDisposable {
  readonly udp: ReadonlyMap<string, UdpPort>;
  readonly tcp: ReadonlyMap<string, TcpPort>;
  /** Port by stream id, as a request names them. */
  readonly numbers: Readonly<Record<string, Port>>;
}

/**
 * Opens a port for each stream: those in `wanted` exactly, an RTP stream and its RTCP on an even port and the next,
 * any other on a free one. Throws {@link PortTaken}; then none stays open.
 */
export async function openLocalPorts(
  streams: readonly Pick<ContentStream, 'id' | 'streamType' | 'pairedWith'>[],
  family: Family,
  wanted: Readonly<Record<string, Port>>,
  aside?: Aside,
): Promise<LocalPorts> {
  await using opened = new AsyncDisposableStack();
  const udp = new Map<string, UdpPort>();
  const tcp = new Map<string, TcpPort>();
  // An RTP stream first, so that its RTCP finds its port taken care of.
  const ordered = [...streams].sort((a, b) => Number(a.pairedWith !== undefined) - Number(b.pairedWith !== undefined));
  for (const { id, streamType } of ordered) {
    if (udp.has(id)) continue;
    if (plainTransportOf(streamType) === 'tcp') {
      tcp.set(id, opened.use(await openTcpPort(family, wanted[id] ?? 0)));
      continue;
    }
    const partner = streams.find((other) => other.pairedWith === id);
    if (partner && wanted[id] === undefined && wanted[partner.id] === undefined) {
      const [first, second] = await openUdpPair(family, aside);
      udp.set(id, opened.use(first));
      udp.set(partner.id, opened.use(second));
    } else udp.set(id, opened.use(await openUdpPort(family, wanted[id] ?? 0, aside)));
  }
  const kept = opened.move();
  const numbers = Object.fromEntries([...udp, ...tcp].map(([id, { port }]) => [id, port]));
  return { udp, tcp, numbers, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
