import { createSocket, type Socket } from 'node:dgram';
import { type Endpoint, familyOf } from '@sluice/model';
import { bind, call, socket } from './libc.ts';
import { inNamespace } from './namespace.ts';
import { addressFamily, socketAddress } from './socket-address.ts';

const datagramNonBlockingCloseOnExec = 2 | 0o4000 | 0o2000000;

/** An ordinary UDP socket of a host, bound and listening; the namespace is a path. Throws SystemCallFailed. */
export function udpSocket(namespace: string, endpoint: Endpoint): Socket {
  const v4 = familyOf(endpoint.address) === 4;
  // Node's own bind looks the address up first, and by then the thread is back home.
  const fd = inNamespace(namespace, () => {
    const fd = call('socket', socket(v4 ? addressFamily.inet : addressFamily.inet6, datagramNonBlockingCloseOnExec, 0));
    const address = socketAddress(endpoint);
    call('bind', bind(fd, address, address.length));
    return fd;
  });
  const adopted = createSocket(v4 ? 'udp4' : 'udp6');
  adopted.bind({ fd });
  return adopted;
}
