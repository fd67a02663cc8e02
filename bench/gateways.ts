import { once } from 'node:events';
import type { Driver } from '@sluice/driver';
import { natPmpDriver } from '@sluice/drivers/nat-pmp';
import { pcpDriver } from '@sluice/drivers/pcp';
import { homeNetwork, systemClock, systemUdp } from '@sluice/io';
import { addressBytes, type Gateway, type GatewayType, type Opening, type Outcome } from '@sluice/model';
import { buildNatPmpRequest } from '@sluice/wire/natpmp';
import { buildPcpRequest, pcpAddress } from '@sluice/wire/pcp';
import { startMiniupnpd } from '../lab/foreign/miniupnpd.ts';
import { type BuiltNetwork, buildNetwork, homes, publicLookingInternet } from '../lab/index.ts';
import { inNamespace, udpSocket } from '../lab/packets/index.ts';
import { type Benchmark, describeSpread, spreadOf } from './figures.ts';

const rounds = 500;
const warmUp = 100;
const mostOverheadMs = 1;

/** One way to a mapping: bare, and through our driver. Each opens in the one call and closes in the other. */
interface Way {
  readonly name: string;
  bareOpen(): Promise<unknown>;
  bareClose(): Promise<unknown>;
  open(): Promise<Outcome>;
  close(): Promise<Outcome>;
}

/** A mapping on Debian's miniupnpd through our drivers, beside the bare exchange of the same octets. */
export const gatewaysBenchmark: Benchmark = {
  name: 'gateways',
  about: 'one mapping opened at a real miniupnpd, through our drivers and by the bare exchange, in turns',
  async run(say, signal) {
    await using network = await buildNetwork(homes(1, publicLookingInternet), 'gwbench', signal);
    const namespace = network.namespace('gateway-1');
    await using _gateway = await startMiniupnpd(
      { namespace, wan: 'wan0', lan: 'lan0', home: '192.168.1.0/24' },
      signal,
    );
    const parts = {
      udp: {
        open: (...args: Parameters<typeof systemUdp.open>) =>
          inNamespace(network.namespace('tv-1'), () => systemUdp.open(...args)),
      },
      home: () => inNamespace(network.namespace('tv-1'), homeNetwork),
      clock: systemClock,
      random: Math.random,
      lost: () => {},
    };
    const secret = Buffer.from('a secret for the benchmark');
    using exchanges = bareExchanges(network);
    for (const way of [
      await wayOf('pcp', pcpDriver({ ...parts, secret }) as Driver, network, exchanges.pcp, signal),
      await wayOf('nat-pmp', natPmpDriver(parts) as Driver, network, exchanges.natPmp, signal),
    ])
      await measure(way, say);
  },
};

async function measure(way: Way, say: Parameters<Benchmark['run']>[0]): Promise<void> {
  const bare: number[] = [];
  const ours: number[] = [];
  for (let round = -warmUp; round < rounds; round++) {
    const first = performance.now();
    await way.bareOpen();
    const second = performance.now();
    await way.bareClose();
    const third = performance.now();
    const outcome = await way.open();
    const fourth = performance.now();
    const closed = await way.close();
    if (outcome.kind !== 'applied' || closed.kind !== 'applied') throw new Error(JSON.stringify([outcome, closed]));
    if (round < 0) continue;
    bare.push(second - first);
    ours.push(fourth - third);
  }
  const [exchange, driver] = [spreadOf(bare), spreadOf(ours)];
  const overhead = driver.p50 - exchange.p50;
  say({ name: `${way.name}, bare exchange`, figure: describeSpread(exchange, 'ms') });
  say({ name: `${way.name}, our driver`, figure: describeSpread(driver, 'ms') });
  const figure = `${overhead.toFixed(3)} ms at p50 (under ${mostOverheadMs} ms)`;
  say({ name: `${way.name}, overhead`, figure, holds: overhead < mostOverheadMs });
}

async function wayOf(
  type: GatewayType,
  driver: Driver,
  network: BuiltNetwork,
  bare: Pick<Way, 'bareOpen' | 'bareClose'>,
  signal: AbortSignal,
): Promise<Way> {
  const gateway: Gateway = { gatewayId: 'bench', type, communication: {} };
  const session = await driver.connect(gateway, signal);
  await session.addresses(signal);
  let last: Outcome | undefined;
  const apply = async (parts: object): Promise<Outcome> => {
    const change = { gateway, open: [], renew: [], close: [], ...parts };
    const [step] = driver.plan(change, undefined, systemClock.now()).steps;
    return session.apply(step, signal);
  };
  let count = 0;
  return {
    name: type,
    ...bare,
    async open() {
      last = await apply({ open: [openingNumber(++count, network)] });
      return last;
    },
    close: () => apply({ close: last?.kind === 'applied' ? last.granted : [] }),
  };
}

function openingNumber(count: number, network: BuiltNetwork): Opening {
  return {
    id: `bench-${count}`,
    streamType: 'udp',
    remote: { address: network.address('media', 4), port: 7000 },
    local: { address: network.address('tv-1', 4), port: 5000 },
    globalPort: 5000,
    until: systemClock.now() + 120_000,
    mayLack: ['remoteAddress', 'remotePort'],
  };
}

/** The same requests from a socket that stays open, each a datagram and its answer. */
function bareExchanges(network: BuiltNetwork) {
  const address = network.address('tv-1', 4);
  const socket = udpSocket(network.namespace('tv-1'), { address, port: 40_000 });
  const server = network.address('gateway-1', 4, 'home-1');
  const ask = async (bytes: Uint8Array): Promise<void> => {
    const answer = once(socket, 'message');
    socket.send(bytes, 5351, server);
    const [reply] = (await answer) as [Buffer];
    if (reply[3] !== 0) throw new Error(`refused: ${reply.toString('hex')}`);
  };
  const pcp = (lifetime: number) => {
    const mapping = { nonce: Buffer.alloc(12, 7), protocol: 17, internalPort: 5001, externalPort: lifetime && 5001 };
    const externalAddress = pcpAddress(new Uint8Array(4));
    const body = { kind: 'map', mapping: { ...mapping, externalAddress } } as const;
    return buildPcpRequest({ lifetime, clientAddress: pcpAddress(addressBytes(address)), body, options: [] });
  };
  const natPmp = (lifetime: number) =>
    buildNatPmpRequest({ kind: 'map', protocol: 'udp', internalPort: 5001, externalPort: lifetime && 5001, lifetime });
  return {
    pcp: { bareOpen: () => ask(pcp(120)), bareClose: () => ask(pcp(0)) },
    natPmp: { bareOpen: () => ask(natPmp(120)), bareClose: () => ask(natPmp(0)) },
    [Symbol.dispose]: () => void socket.close(),
  };
}
