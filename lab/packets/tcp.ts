import { Server, Socket } from 'node:net';
import { type Endpoint, familyOf } from '@sluice/model';
import { bind, call, close, connect, listen, setsockopt, socket } from './libc.ts';
import { inNamespace } from './namespace.ts';
import { addressFamily, socketAddress } from './socket-address.ts';

const streamCloseOnExec = 1 | 0o2000000;
const solSocket = 1;
const option = { reuseAddress: 2, sendTimeout: 21 } as const;

/** A listening TCP server of a host; the namespace is a path. Throws SystemCallFailed. */
export function tcpServer(namespace: string, endpoint: Endpoint, serve: (socket: Socket) => void): Server {
  const fd = inNamespace(namespace, () => {
    const fd = boundSocket(endpoint);
    call('listen', listen(fd, 16));
    return fd;
  });
  const server = new Server(serve);
  server.listen({ fd });
  return server;
}

/**
 * A TCP connection of a host from an address and port of its own; established when this returns, as the kernel answers
 * for a listener of this process too. Throws SystemCallFailed, with errno 115 (EINPROGRESS) when nothing answers for
 * `patienceMs`.
 */
export function tcpConnection(namespace: string, from: Endpoint, to: Endpoint, patienceMs = 500): Socket {
  const fd = inNamespace(namespace, () => {
    const fd = boundSocket(from);
    const patience = Buffer.alloc(16);
    patience.writeBigInt64LE(BigInt(Math.floor(patienceMs / 1000)), 0);
    patience.writeBigInt64LE(BigInt((patienceMs % 1000) * 1000), 8);
    call('setsockopt', setsockopt(fd, solSocket, option.sendTimeout, patience, patience.length));
    const address = socketAddress(to);
    try {
      call('connect', connect(fd, address, address.length));
    } catch (error) {
      close(fd);
      throw error;
    }
    return fd;
  });
  return new Socket({ fd, readable: true, writable: true });
}

function boundSocket(endpoint: Endpoint): number {
  const family = familyOf(endpoint.address) === 4 ? addressFamily.inet : addressFamily.inet6;
  const fd = call('socket', socket(family, streamCloseOnExec, 0));
  // A port that a connection just closed held can be taken again.
  call('setsockopt', setsockopt(fd, solSocket, option.reuseAddress, Buffer.from([1, 0, 0, 0]), 4));
  const address = socketAddress(endpoint);
  call('bind', bind(fd, address, address.length));
  return fd;
}
