import { type Family, type IpAddress, type Port, plainTransportOf } from '@sluice/model';
import { portPlan, type ServedContent, type ServedStream } from '../catalogue.ts';
import type { OwnAddresses, ReadyContent } from '../contents/content.ts';
import type { PortPair } from '../sending/ports.ts';
import { openTcpPort } from './tcp-port.ts';
import { openUdpPort } from './udp-port.ts';

/**
 * Opens every content's ports, one a stream and IP version, and leaves closing them to `opened`. With `firstPort` 0 each
 * is a free one. Rejects with a sentence when one cannot be had.
 */
export async function openStreamPorts(
  contents: readonly ReadyContent[],
  addresses: OwnAddresses,
  firstPort: Port | 0,
  opened: AsyncDisposableStack,
): Promise<readonly ServedContent[]> {
  const plan = portPlan(contents, firstPort);
  const served: ServedContent[] = [];
  for (const [index, content] of contents.entries()) {
    const streams: ServedStream[] = [];
    for (const [place, stream] of content.streams.entries()) {
      const port = firstPort === 0 ? 0 : (plan[index]?.[place] ?? 0);
      const pair = <P extends AsyncDisposable>(open: (address: IpAddress, port: Port | 0) => Promise<P>) =>
        openPair(open, addresses, port, opened);
      if (plainTransportOf(stream.streamType) === 'tcp') streams.push({ stream, connections: await pair(openTcpPort) });
      else streams.push({ stream, datagrams: await pair(openUdpPort) });
    }
    served.push({ content, streams });
  }
  return served;
}

async function openPair<P extends AsyncDisposable>(
  open: (address: IpAddress, port: Port | 0) => Promise<P>,
  addresses: OwnAddresses,
  port: Port | 0,
  opened: AsyncDisposableStack,
): Promise<PortPair<P>> {
  const pair: { [F in Family]?: P } = {};
  for (const family of [4, 6] as const) {
    const address = addresses[family];
    if (address === undefined) continue;
    try {
      pair[family] = opened.use(await open(address, port));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`cannot send from ${address} port ${port}: ${reason}`);
    }
  }
  return pair;
}
