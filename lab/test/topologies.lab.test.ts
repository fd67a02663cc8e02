import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { familyOf, type IpAddress } from '@sluice/model';
import { type BuiltNetwork, buildNetwork } from '../build.ts';
import { noisePayload, RawSender, Sniffer } from '../packets/index.ts';
import { sceneNamed, scenes } from '../scenes.ts';

const limit = { timeout: 60_000 };
/** A packet crosses the lab in well under one. */
const settleMs = 50;
/** What has not come by then does not. */
const mostMs = 5_000;

/** A packet that one host sends, and where it comes in. */
interface Way {
  readonly from: string;
  /** The network that its source address is of; its main one where left out. */
  readonly of?: string;
  readonly to: IpAddress;
  /** Every host that it comes in at, and no other: "gateway-1", or "gateway-1/wan1" where the interface matters. */
  readonly at: readonly string[];
  /** The source that it comes in with at the last of them; the sender's own where left out. */
  readonly as?: IpAddress;
  /** What the last of them answers comes in at the sender. */
  readonly answered?: true;
}

const media = '203.0.113.10';
const media6 = '2001:db8:1::10';
const tv = '192.168.1.2';
const tv6 = '2001:db8:100::2';

/** Through two boxes in a row: over IPv6 both must let a packet in; a neighbour between them stands before the inner one. */
const inARow = (outer: string, inner: string): readonly Way[] => [
  { from: 'media', to: tv6, at: [outer, inner, 'tv-1'] },
  { from: 'stranger', to: tv6, at: [outer, inner, 'tv-1'] },
  { from: 'tv-1', to: media6, at: [inner, outer, 'media'], answered: true },
  { from: 'neighbour', to: tv6, at: [inner, 'tv-1'] },
  { from: 'neighbour', to: tv, at: [inner, 'tv-1'] },
  { from: 'media', to: '203.0.113.1', at: [outer] },
  // Who is not hostile knows no way to what is inside.
  { from: 'portal', to: tv, at: [] },
];

/** No gateway runs here: this is what wires and routes let pass, before anybody of ours filters or translates. */
const ways: Readonly<Record<string, readonly Way[]>> = {
  home: [
    { from: 'media', to: '203.0.113.1', at: ['gateway-1'] },
    { from: 'media', to: tv, at: ['gateway-1', 'tv-1'] },
    { from: 'stranger', to: tv6, at: ['gateway-1', 'tv-1'] },
    { from: 'portal', to: tv, at: [] },
  ],
  split: [
    ...inARow('firewall-1', 'gateway-1'),
    { from: 'media', to: '198.51.100.2', at: ['firewall-1', 'gateway-1'] },
    { from: 'portal', to: '198.51.100.2', at: ['firewall-1', 'gateway-1'] },
    { from: 'gateway-1', of: 'between', to: media, at: ['firewall-1', 'media'], answered: true },
    { from: 'stranger', to: tv, at: ['firewall-1'] },
  ],
  'split-inside': [
    ...inARow('gateway-1', 'firewall-1'),
    { from: 'media', to: '192.168.0.2', at: ['gateway-1', 'firewall-1'] },
    { from: 'media', to: tv, at: ['gateway-1', 'firewall-1', 'tv-1'] },
    { from: 'tv-1', to: media, at: ['firewall-1', 'gateway-1', 'media'] },
  ],
  'double-nat': [
    ...inARow('gateway-1', 'router-1'),
    { from: 'stranger', to: '192.168.0.2', at: ['gateway-1', 'router-1'] },
    { from: 'portal', to: '192.168.0.2', at: [] },
    { from: 'stranger', to: tv, at: ['gateway-1'] },
  ],
  'carrier-nat': [
    ...inARow('carrier', 'gateway-1'),
    { from: 'gateway-1', of: 'between', to: media, at: ['carrier', 'media'], as: '203.0.113.1', answered: true },
    { from: 'stranger', to: '203.0.113.1', at: ['carrier'] },
    { from: 'stranger', to: '100.64.0.2', at: ['carrier', 'gateway-1'] },
    { from: 'portal', to: '100.64.0.2', at: [] },
  ],
  'ipv6-only': [
    { from: 'media', to: tv6, at: ['gateway-1', 'tv-1'] },
    { from: 'stranger', to: tv6, at: ['gateway-1', 'tv-1'] },
    { from: 'tv-1', to: media6, at: ['gateway-1', 'media'], answered: true },
  ],
  'two-wans': [
    { from: 'tv-1', to: '203.0.113.20', at: ['gateway-1/lan0', 'provider-2/lan0', 'portal'] },
    { from: 'tv-1', to: '2001:db8:1::20', at: ['gateway-1/lan0', 'provider-2/lan0', 'portal'] },
    { from: 'tv-1', to: '203.0.113.66', at: ['gateway-1/lan0', 'stranger'] },
    { from: 'media', to: '198.51.100.1', at: ['provider-2/wan0', 'gateway-1/wan1'] },
    { from: 'stranger', to: '198.51.100.1', at: ['provider-2/wan0', 'gateway-1/wan1'] },
    { from: 'media', to: '203.0.113.1', at: ['gateway-1/wan0'] },
    { from: 'media', to: '2001:db8:2::1', at: ['provider-2/wan0', 'gateway-1/wan1'] },
  ],
  'two-homes': [
    { from: 'tv-1', to: '2001:db8:101::2', at: ['gateway-1', 'gateway-2', 'tv-2'], answered: true },
    { from: 'gateway-1', of: 'internet', to: '203.0.113.2', at: ['gateway-2'], answered: true },
    // Each home has its own 192.168.1.3.
    { from: 'tv-2', to: '192.168.1.3', at: ['tablet-2'] },
    { from: 'tv-1', to: '192.168.1.3', at: ['tablet-1'] },
    { from: 'media', to: tv, at: ['gateway-1', 'tv-1'] },
  ],
  'same-home': [
    { from: 'tv-1', to: '192.168.1.3', at: ['tablet-1'], answered: true },
    { from: 'tablet-1', to: tv6, at: ['tv-1'], answered: true },
  ],
};

for (const { name } of scenes)
  test(`${name}: who reaches whom, and who does not`, limit, async (t) => {
    assert.ok(ways[name], 'no way is tried');
    await using network = await buildNetwork(sceneNamed(name).topology(), 'ways', t.signal);
    using wires = new Wires(network);
    for (const [index, way] of (ways[name] ?? []).entries()) {
      const address = network.address(way.from, familyOf(way.to), way.of);
      const arrived = await wires.send(way.from, address, way.to, `${name}-${index}-there`, { enough: way.at.length });
      const what = `${way.from} to ${way.to}, seen at ${JSON.stringify(arrived)}`;
      const isAt = (place: string) =>
        arrived.find((seen) => seen.place === place || seen.place.startsWith(`${place}/`));
      const missed = way.at.filter((place) => !isAt(place));
      assert.deepEqual({ missed, hosts: arrived.length }, { missed: [], hosts: way.at.length }, what);
      const end = way.at.at(-1);
      if (end === undefined) continue;
      const source = isAt(end)?.source;
      assert.equal(source, way.as ?? address, what);
      if (!way.answered || source === undefined) continue;
      const host = end.split('/')[0] ?? '';
      const back = await wires.send(host, way.to, source, `${name}-${index}-back`, {
        isAnswer: true,
        enough: way.at.length,
      });
      assert.ok(
        back.some(({ place }) => place.startsWith(`${way.from}/`)),
        `${what}; its answer at ${JSON.stringify(back)}`,
      );
    }
  });

/** Every interface of a network, watched, and a sender on every host. */
class Wires implements Disposable {
  readonly #watched: readonly { readonly place: string; readonly sniffer: Sniffer }[];
  readonly #senders: ReadonlyMap<string, RawSender>;

  constructor(network: BuiltNetwork) {
    const { hosts, networks } = network.topology;
    this.#watched = networks.flatMap(({ members }) =>
      members.map(({ host, interface: name }) => ({
        place: `${host}/${name}`,
        sniffer: new Sniffer(network.namespace(host), name),
      })),
    );
    this.#senders = new Map(hosts.map(({ name }) => [name, new RawSender(network.namespace(name))]));
  }

  /** Sends one packet, and tells where it came in, and as whose. */
  async send(host: string, from: IpAddress, to: IpAddress, token: string, { isAnswer = false, enough = 0 } = {}) {
    const [source, target] = isAnswer ? [5000, 4000] : [4000, 5000];
    try {
      this.#senders.get(host)?.send({
        transport: 'udp',
        from: { address: from, port: source },
        to: { address: to, port: target },
        payload: noisePayload(token),
      });
    } catch (error) {
      // ENETUNREACH: it knows no way.
      if (!/101/.test(String((error as { errno?: number }).errno))) throw error;
    }
    // Who is asked for his hardware address first may take longer; where a packet must not come in, it has this long.
    for (let waitedMs = 0; waitedMs < mostMs; waitedMs += settleMs) {
      await setTimeout(settleMs);
      if (this.#seen(token).length >= enough) break;
    }
    return this.#seen(token);
  }

  #seen(token: string) {
    return this.#watched.flatMap(({ place, sniffer }) =>
      sniffer
        .received(token)
        // What an ICMP error quotes is no packet that came in.
        .filter(({ transport }) => transport === 'udp')
        .map((packet) => ({ place, source: packet.from.address })),
    );
  }

  [Symbol.dispose](): void {
    for (const { sniffer } of this.#watched) sniffer[Symbol.dispose]();
    for (const sender of this.#senders.values()) sender[Symbol.dispose]();
  }
}
