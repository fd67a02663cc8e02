import type { Socket } from 'node:dgram';
import { setTimeout } from 'node:timers/promises';
import { homeNetwork, joinGroups, systemUdp } from '@sluice/io';
import { familyOf, type GrantedOpening, type IpAddress } from '@sluice/model';
import { buildNetwork } from '../../../lab/build.ts';
import { startMiniupnpd } from '../../../lab/foreign/miniupnpd.ts';
import { inNamespace, Sniffer, udpSocket } from '../../../lab/packets/index.ts';
import { homes } from '../../../lab/topologies/home.ts';
import { publicLookingInternet } from '../../../lab/topologies/pieces.ts';
import type { LookAtHome, Udp } from '../index.ts';

/** Long enough for a packet to cross the lab's home where it is let through, ms. */
const crossing = 100;

/** A home behind Debian's miniupnpd, with a television that runs drivers and a tablet that does too. */
export async function openForeignHome(prefix: string, signal: AbortSignal) {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await buildNetwork(homes(1, publicLookingInternet), prefix, signal));
  const namespace = network.namespace('gateway-1');
  const options = { namespace, wan: 'wan0', lan: 'lan0', home: '192.168.1.0/24' };
  const gateway = stack.use(await startMiniupnpd(options, signal));
  const tv = network.namespace('tv-1');
  const sniffer = stack.use(new Sniffer(tv, 'eth0'));
  const sockets: Socket[] = [];
  stack.defer(() => {
    for (const socket of sockets) socket.close();
  });
  // Bound, so that nothing answers that a port is not reached.
  for (const family of [4, 6] as const)
    for (const port of [5000, 5001, 5002])
      sockets.push(udpSocket(tv, { address: network.address('tv-1', family), port }));

  let sent = 0;
  /** Whether packets get to the television: from the server's own port, another port of it, and another host. */
  async function arrives({ global, remote }: GrantedOpening) {
    const family = familyOf(global.address);
    const probes = [
      { host: 'media', port: remote.port ?? 7000 },
      { host: 'media', port: 7999 },
      { host: 'stranger', port: 7000 },
    ].map((from) => {
      const token = `probe-${++sent}-of-the-lab`;
      const socket = udpSocket(network.namespace(from.host), {
        address: network.address(from.host, family),
        port: from.port,
      });
      socket.send(token, global.port, global.address);
      return { token, socket };
    });
    await setTimeout(crossing);
    for (const { socket } of probes) socket.close();
    const [fromServer, fromOtherPort, fromStranger] = probes.map(({ token }) => sniffer.count(token) > 0);
    return { fromServer, fromOtherPort, fromStranger };
  }

  const parts = (host: string): { readonly udp: Udp; readonly home: LookAtHome } => ({
    udp: { open: (...args) => inNamespace(network.namespace(host), () => systemUdp.open(...args)) },
    home: () => inNamespace(network.namespace(host), homeNetwork),
  });
  const kept = stack.move();
  /**
   * Hears what gateways announce in the home over IPv4. Over IPv6 they do so from link-local addresses, whose interface
   * this process, which is outside the home's namespace, cannot name.
   */
  const listen = async (receive: (bytes: Uint8Array, from: IpAddress) => void) => {
    const groups = [{ address: '224.0.0.1', port: 5350 }];
    const missed = (group: object, reason: string) => {
      throw new Error(`${JSON.stringify(group)}: ${reason}`);
    };
    kept.use(await inNamespace(tv, () => joinGroups(groups, receive, missed)));
  };
  return { network, gateway, parts, listen, arrives, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
