import { createSocket } from 'node:dgram';
import { type IpAddress, parseIpAddress } from '@sluice/model';

/**
 * This machine's address that packets to `peer` leave from, and so the one that its packets came to; undefined where no way
 * leads there. A datagram's own destination is not told to who receives it. Nothing is sent.
 */
export function ownAddressTowards(peer: IpAddress): Promise<IpAddress | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(peer.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', () => {
      socket.close();
      resolve(undefined);
    });
    // Any port: connecting a datagram socket looks the way up, and that is all.
    socket.connect(9, peer, () => {
      const { address } = socket.address();
      socket.close();
      resolve(parseIpAddress(address));
    });
  });
}
