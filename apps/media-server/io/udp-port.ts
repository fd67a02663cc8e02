import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { type Endpoint, familyOf, type IpAddress, type Port, parseIpAddress } from '@sluice/model';
import type { DatagramPort } from '../sending/ports.ts';

/** A UDP port that is open. */
export interface OpenDatagramPort extends DatagramPort, AsyncDisposable {}

/** Room in the kernel for a key frame to each of many viewers, in octets; the kernel may grant less. */
const sendBufferOctets = 4 * 1024 * 1024;

/** Opens a UDP port; 0 takes a free one. Rejects when it is taken. */
export async function openUdpPort(address: IpAddress, port: Port | 0): Promise<OpenDatagramPort> {
  const family = familyOf(address);
  const socket = createSocket({
    type: family === 4 ? 'udp4' : 'udp6',
    ipv6Only: family === 6,
    sendBufferSize: sendBufferOctets,
    // Only addresses are sent to: nothing is to be looked up.
    lookup: (host, _, found) => found(null, host, family),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address, port }, () => {
      socket.off('error', reject);
      resolve();
    });
  });
  // ICMP errors of one viewer are no concern of the others.
  socket.on('error', () => {});
  const listeners = new Map<string, (datagram: Uint8Array) => void>();
  socket.on('message', (datagram: Buffer, from: RemoteInfo) => {
    const address = parseIpAddress(from.address);
    if (address) listeners.get(keyOf({ address, port: from.port }))?.(datagram);
  });
  return {
    local: { address, port: socket.address().port },
    send(parts, to, done) {
      try {
        socket.send(parts, to.port, to.address, done);
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
    hear(from, take) {
      const key = keyOf(from);
      listeners.set(key, take);
      return () => {
        if (listeners.get(key) === take) listeners.delete(key);
      };
    },
    [Symbol.asyncDispose]: () => close(socket),
  };
}

function keyOf({ address, port }: Endpoint): string {
  return `${address}|${port}`;
}

/** What was handed to the socket goes out first: a goodbye is among it. */
function close(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
