import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { admit } from '@sluice/admission';
import { type Rate, TokenBuckets } from '@sluice/control';
import type { ConnectionEndsReader } from '@sluice/io';
import { type Endpoint, formatEndpoint, type IpAddress } from '@sluice/model';
import { buildSip, parseSip, SipReader } from '@sluice/wire/sip';
import type { Calling } from './call.ts';
import { SipDesk } from './desk.ts';
import { PhoneDigest, type SipUser } from './digest.ts';
import { ownAddressTowards } from './own-address.ts';
import { OwnRequests } from './own-requests.ts';
import { type PhoneFlow, senderOf } from './phone-flow.ts';
import { Registrar } from './registrar.ts';

/** Where telephones knock, and which may register. */
export interface SipDoorOptions {
  readonly hosts: readonly string[];
  /** The same for UDP and TCP; 0 takes a free one. */
  readonly port: number;
  /** Telephones are `sip:NAME@domain`. */
  readonly domain: string;
  readonly users: readonly SipUser[];
  /** Most TCP connections at once. */
  readonly connections: number;
  /** Tells the ends of TCP connections. */
  readonly ends: ConnectionEndsReader;
}

/** SIP being served to telephones. Disposing hangs up what is under way, and closes the homes. */
export interface SipDoor extends AsyncDisposable {
  readonly port: number;
}

/** A telephone says little; from one address may come those of a whole home. */
const rate: Rate = { burst: 200, perSecond: 100 };
/** Most octets that wait for a telephone to take them: one that takes none is asking too much. */
const mostWaiting = 262_144;
/** A connection over which nothing was said for so long is closed, ms: telephones register every minute. */
const silenceMs = 180_000;

/**
 * Serves telephones that know nothing of Sluice (RFC 3261, over UDP and TCP): a registrar, and a proxy that has both homes
 * opened when a call is answered. Rejects when the port cannot be taken.
 */
export async function openSipDoor(
  parts: Omit<Calling, 'own' | 'branchKey'>,
  options: SipDoorOptions,
): Promise<SipDoor> {
  await using started = new AsyncDisposableStack();
  const { clock } = parts;
  const own = new OwnRequests(clock);
  const domain = options.domain.toLowerCase();
  const registrar = new Registrar(clock, domain, new PhoneDigest(clock, domain, options.users));
  const branchKey = crypto.getRandomValues(new Uint8Array(32));
  const buckets = new TokenBuckets(rate, 10_000);
  const mayAsk = (address: IpAddress) => buckets.take(address, clock.now()) === 0;
  let { port } = options;
  const desk = new SipDesk({ ...parts, own, branchKey }, registrar);
  for (const host of options.hosts) {
    const server = started.use(await listenTcp(host, port, { ...options, clock: parts.clock, desk, mayAsk }));
    port = server.port;
    started.use(await listenUdp(host, port, { desk, mayAsk, log: parts.log }));
  }
  // Before the ports are closed: who hangs up must be heard.
  started.use(desk);
  const serving = started.move();
  return { port, [Symbol.asyncDispose]: () => serving.disposeAsync() };
}

async function listenUdp(
  host: string,
  port: number,
  { desk, mayAsk, log }: Pick<TcpOptions, 'desk' | 'mayAsk'> & Pick<Calling, 'log'>,
): Promise<AsyncDisposable> {
  let isOpen = true;
  const socket: UdpSocket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' });
  const towards = new Map<IpAddress, Promise<IpAddress | undefined>>();
  const flowOf = async (observed: Endpoint): Promise<PhoneFlow | undefined> => {
    let asked = towards.get(observed.address);
    if (!asked) {
      if (towards.size >= 10_000) towards.clear();
      asked = ownAddressTowards(observed.address);
      towards.set(observed.address, asked);
    }
    const address = await asked;
    if (address === undefined) return undefined;
    const to = host.includes(':') && !observed.address.includes(':') ? `::ffff:${observed.address}` : observed.address;
    return {
      transport: 'udp',
      key: `udp ${formatEndpoint(observed)}`,
      seen: { portal: { address, port }, observed, transport: 'udp' },
      send(message) {
        // What is still to be said again when the door closes is not said.
        if (isOpen) socket.send(buildSip(message), observed.port, to, () => {});
      },
    };
  };
  socket.on('error', () => {});
  socket.on('message', (bytes, from) => {
    const observed = senderOf(from);
    if (!observed || !mayAsk(observed.address)) return;
    const message = parseSip(bytes);
    if (!message) return;
    flowOf(observed)
      .then((flow) => flow && desk.take(message, flow))
      .catch((error: unknown) => log.error({ error: String(error) }, 'a telephone could not be answered'));
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address: host, port }, resolve);
  });
  return {
    [Symbol.asyncDispose]() {
      isOpen = false;
      return new Promise((resolve) => socket.close(() => resolve()));
    },
  };
}

interface TcpOptions extends SipDoorOptions {
  readonly clock: Calling['clock'];
  readonly desk: SipDesk;
  readonly mayAsk: (address: IpAddress) => boolean;
}

async function listenTcp(
  host: string,
  port: number,
  { clock, connections, ends, desk, mayAsk }: TcpOptions,
): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const seen = ends.of(socket);
    if (!seen || sockets.size > connections) {
      socket.destroy();
      return;
    }
    const flow: PhoneFlow = {
      transport: 'tcp',
      key: `tcp ${formatEndpoint(seen.remote)}`,
      seen: { portal: seen.local, observed: seen.remote },
      send(message) {
        if (socket.writableLength > mostWaiting) socket.destroy();
        if (!socket.destroyed) socket.write(buildSip(message));
      },
      // Who only knocks makes room for others, whatever he says.
      proven: () => admission.settle(socket),
    };
    const reader = new SipReader();
    socket.setTimeout(silenceMs, () => socket.destroy());
    socket.on('data', (bytes) => {
      try {
        for (const item of reader.push(bytes)) {
          if (!mayAsk(seen.remote.address)) continue;
          if (item.kind !== 'keep-alive') desk.take(item, flow);
          else if (socket.writableLength <= mostWaiting) socket.write('\r\n');
        }
      } catch {
        socket.destroy();
      }
    });
  });
  const admission = admit(server, { clock, addressOf: (socket) => ends.of(socket)?.remote.address });
  ends.guard(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: false }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
