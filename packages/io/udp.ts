import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { type Endpoint, type Family, familyOf, type IpAddress, parseIpAddress } from '@sluice/model';

/** Where datagrams go to. */
export interface UdpTarget extends Endpoint {
  /** The interface towards it; a link-local address means nothing without. */
  readonly interface?: string;
}

/** What comes of a socket. */
export interface UdpReceiver {
  message(bytes: Uint8Array): void;
  /** ICMP: nothing listens there, or the way is gone. */
  refused(reason: string): void;
}

/** A socket towards one target. */
export interface UdpConnection extends Disposable {
  readonly local: Endpoint;
  send(bytes: Uint8Array): void;
}

/** Why there is no socket: `local` is no address of this machine, or nothing leads to the target. */
export interface UdpRefusal {
  readonly failed: 'not-ours' | 'no-way';
  readonly reason: string;
}

/** This machine's UDP. The socket is made before this returns, so it stays in the network namespace of the caller. */
export const systemUdp = {
  /**
   * A new socket on a free port, connected: only the target's datagrams are received, and ICMP's errors are. From
   * `local` where that is given.
   */
  async open(
    target: UdpTarget,
    local: IpAddress | undefined,
    receiver: UdpReceiver,
  ): Promise<UdpConnection | UdpRefusal> {
    const family = familyOf(target.address);
    const socket = openSocket(family);
    const failed = (code: string): UdpRefusal => ({
      failed: code === 'EADDRNOTAVAIL' && local !== undefined ? 'not-ours' : 'no-way',
      reason: `${code} towards ${target.address}`,
    });
    const bound = bindNow(socket, local ?? (family === 4 ? '0.0.0.0' : '::'), 0);
    if (bound !== undefined) {
      socket.close();
      return failed(bound);
    }
    let own: { readonly address: string; readonly port: number };
    try {
      // Only here may an error be about the binding or the way; afterwards it is about what was sent.
      await connect(socket, target);
      own = socket.address();
    } catch (error) {
      socket.close();
      return failed(codeOf(error));
    }
    socket.on('message', (bytes) => receiver.message(bytes));
    socket.on('error', (error) => receiver.refused(codeOf(error)));
    return {
      local: { address: withoutScope(own.address), port: own.port },
      // An error of one sending is an event as ICMP's are.
      send: (bytes) => socket.send(bytes, (error) => error && receiver.refused(codeOf(error))),
      [Symbol.dispose]: () => {
        socket.removeAllListeners('message');
        socket.close();
      },
    };
  },
};

/** A group to listen to. */
export interface MulticastGroup {
  readonly address: IpAddress;
  readonly port: number;
  /** IPv6: an interface's name. IPv4: one of its addresses. Left out, on every interface but the loopback. */
  readonly interface?: string;
}

/**
 * Hears what is sent to groups, beside others on this machine that do. Datagrams come with their sender's address. A
 * group that cannot be joined, where the family is off or the port taken for oneself, is told to `missed`.
 */
export async function joinGroups(
  groups: readonly MulticastGroup[],
  receive: (bytes: Uint8Array, from: IpAddress) => void,
  missed: (group: MulticastGroup, reason: string) => void,
): Promise<AsyncDisposable> {
  const sockets = groups.flatMap((group) => {
    const family = familyOf(group.address);
    const socket = openSocket(family, true);
    const code = bindNow(socket, family === 4 ? group.address : '::', group.port) ?? join(socket, group);
    if (code !== undefined) {
      socket.close();
      missed(group, code);
      return [];
    }
    socket.on('message', (bytes, { address }) => receive(bytes, withoutScope(address)));
    socket.on('error', (error) => missed(group, codeOf(error)));
    return [socket];
  });
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(
        sockets.map((socket) => {
          const closed = once(socket, 'close');
          socket.close();
          return closed;
        }),
      );
    },
  };
}

function openSocket(family: Family, reuseAddr = false): Socket {
  const type = family === 4 ? 'udp4' : 'udp6';
  // Addresses only: nothing is looked up, and so nothing is put off.
  const lookup = (address: string, _: unknown, found: (error: null, address: string, family: number) => void) =>
    found(null, address, family);
  return createSocket({ type, reuseAddr, ipv6Only: family === 6, lookup: lookup as never });
}

/** Binds within this call; an error's code where that fails. */
function bindNow(socket: Socket, address: string, port: number): string | undefined {
  let code: string | undefined;
  const failed = (error: Error): void => {
    code = codeOf(error);
  };
  socket.once('error', failed);
  socket.bind({ address, port, exclusive: true });
  socket.off('error', failed);
  return code;
}

/** Joins on each interface; an error's code where that works on none. */
function join(socket: Socket, { address, interface: named }: MulticastGroup): string | undefined {
  const family = familyOf(address);
  const places = named === undefined ? everyInterface(family) : [named];
  const codes = places.map((place) => {
    try {
      socket.addMembership(address, family === 6 ? `::%${place}` : place);
      return undefined;
    } catch (error) {
      return codeOf(error);
    }
  });
  return codes.includes(undefined) ? undefined : (codes[0] ?? 'no interface is up');
}

/** As memberships name them: IPv6 by name, IPv4 by address. */
function everyInterface(family: Family): readonly string[] {
  const places = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.flatMap((one) =>
      one.internal || one.family !== `IPv${family}` ? [] : [family === 6 ? name : one.address],
    ),
  );
  return [...new Set(places)];
}

async function connect(socket: Socket, target: UdpTarget): Promise<void> {
  const linkLocal = /^fe[89ab]/.test(target.address) && target.interface !== undefined;
  const address = linkLocal ? `${target.address}%${target.interface}` : target.address;
  await new Promise<void>((resolve, reject) => {
    socket.connect(target.port, address, ((error?: Error) => (error ? reject(error) : resolve())) as () => void);
  });
}

function withoutScope(address: string): IpAddress {
  const [bare = address] = address.split('%');
  return parseIpAddress(bare) ?? bare;
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
