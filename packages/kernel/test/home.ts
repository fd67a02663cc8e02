import assert from 'node:assert/strict';
import type { Socket } from 'node:dgram';
import { after, before } from 'node:test';
import type { Endpoint, Family, StreamType } from '@sluice/model';
import { type BuiltNetwork, buildNetwork, homes } from '../../../lab/index.ts';
import {
  inNamespace,
  noisePayload,
  type Packet,
  RawSender,
  rtcpPayload,
  rtpPayload,
  Sniffer,
  stunPayload,
  type TcpFields,
  udpSocket,
} from '../../../lab/packets/index.ts';
import { type DataPlane, type KernelOpening, openDataPlane } from '../index.ts';

/** What a packet carries besides its token. */
export type Content = 'noise' | 'rtp' | 'rtp-97' | 'rtp-v1' | 'rtcp' | 'stun' | 'dtls' | 'empty';

/** A packet to try. */
export interface Trial {
  readonly by: 'media' | 'stranger' | 'tv-1' | 'tablet-1';
  readonly transport?: 'udp' | 'tcp';
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly content?: Content;
  readonly tcp?: TcpFields;
  /** In place of `content`: RTP of this payload type. */
  readonly payloadType?: number;
  readonly marker?: boolean;
}

/** Everything about one family that the tests need. */
export interface Ends {
  readonly remote: Endpoint;
  readonly global: Endpoint;
  readonly local: Endpoint;
  readonly otherServer: string;
  readonly stranger: string;
  readonly tablet: string;
}

/** A home with a real gateway, and eyes on both sides of it. */
export class Home implements AsyncDisposable {
  readonly network: BuiltNetwork;
  readonly plane: DataPlane;
  readonly #senders = new Map<string, RawSender>();
  /** What left the gateway into the home, and into the internet. */
  readonly #inward: Sniffer;
  readonly #outward: Sniffer;
  /** Sockets that take what arrives, so that no host answers "port unreachable". */
  readonly #sinks: Socket[] = [];
  #tokens = 0;

  constructor(network: BuiltNetwork) {
    this.network = network;
    const gateway = network.namespace('gateway-1');
    this.plane = inNamespace(gateway, () => openDataPlane());
    assert.equal(this.load(), 'loaded');
    for (const host of ['media', 'stranger', 'tv-1', 'tablet-1'])
      this.#senders.set(host, new RawSender(network.namespace(host)));
    for (const family of [4, 6] as const) {
      const { remote, local } = this.ends(family);
      this.#sinks.push(udpSocket(network.namespace('media'), remote), udpSocket(network.namespace('tv-1'), local));
    }
    this.#inward = new Sniffer(gateway, 'lan0');
    this.#outward = new Sniffer(gateway, 'wan0');
  }

  load(): 'loaded' | 'adopted' {
    return inNamespace(this.network.namespace('gateway-1'), () => this.plane.load({ wan: ['wan0'], lan: ['lan0'] }));
  }

  /** The first television's path from the media server; `offset` moves its ports, for several in one test. */
  ends(family: Family, offset = 0): Ends {
    const address = (host: string) => this.network.address(host, family);
    const local = { address: address('tv-1'), port: 5000 + offset };
    const wan = { address: this.network.address('gateway-1', 4, 'internet'), port: 20_000 + offset };
    return {
      remote: { address: address('media'), port: 7000 + offset },
      global: family === 4 ? wan : local,
      local,
      otherServer: family === 4 ? '203.0.113.11' : '2001:db8:1::11',
      stranger: address('stranger'),
      tablet: address('tablet-1'),
    };
  }

  opening(family: Family, streamType: StreamType, more: Partial<KernelOpening> = {}): KernelOpening {
    const { remote, global, local } = this.ends(family);
    return { streamType, remote, global, local, tag: `test|${streamType}`, ...more };
  }

  open(opening: KernelOpening, leaseMs = 60_000): void {
    assert.equal(this.plane.commit({ add: [{ opening, leaseMs }], renew: [], remove: [] }), undefined);
  }

  close(opening: KernelOpening): void {
    assert.equal(this.plane.commit({ add: [], renew: [], remove: [opening] }), undefined);
  }

  /** Sends a packet `times` over; the copies that got to the gateway's other side, as they were there. */
  async passing(trial: Trial, times = 3): Promise<Packet[]> {
    const token = `token-${this.#tokens++}-`;
    const { by, from, to, transport = 'udp', content = 'noise', payloadType, marker = false, tcp } = trial;
    const sender = this.#senders.get(by);
    assert.ok(sender);
    const payload = payloadType === undefined ? payloadOf(content, token) : rtpPayload(token, { payloadType, marker });
    // A stream that ran before may have filled them.
    for (const eye of [this.#inward, this.#outward]) eye.clear();
    sender.send({ transport, from, to, payload, ...(tcp && { tcp }) }, times);
    const home = by === 'tv-1' || by === 'tablet-1';
    await this.#fence(by, home);
    return (home ? this.#outward : this.#inward).sent(token);
  }

  /** Sends an ICMP or ICMPv6 message. */
  sendIcmp(by: string, { from, to, type }: { from: string; to: string; type: number }): void {
    const ends = { from: { address: from }, to: { address: to } };
    this.#senders.get(by)?.send({ transport: 'icmp', ...ends, type, code: 0, payload: Buffer.alloc(8) });
  }

  /** As {@link passing}; how many. */
  async passed(trial: Trial, times = 3): Promise<number> {
    return (await this.passing(trial, times)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const sender of this.#senders.values()) sender[Symbol.dispose]();
    for (const sink of this.#sinks) sink.close();
    this.#inward[Symbol.dispose]();
    this.#outward[Symbol.dispose]();
    this.plane[Symbol.dispose]();
    await this.network[Symbol.asyncDispose]();
  }

  /** Waits for a packet that surely arrives, sent after those that perhaps do: to the gateway itself. */
  async #fence(by: string, home: boolean): Promise<void> {
    const token = `fence-${this.#tokens++}-`;
    using eye = new Sniffer(this.network.namespace('gateway-1'), home ? 'lan0' : 'wan0');
    const from = { address: this.network.address(by, 4), port: 9 };
    const to = { address: this.network.address('gateway-1', 4, home ? 'home-1' : 'internet'), port: 9 };
    this.#senders.get(by)?.send({ transport: 'udp', from, to, payload: Buffer.from(token) });
    await eye.waitFor(token, 1, AbortSignal.timeout(5000));
  }
}

/** Lays a home out and loads its gateway, closed. */
export async function openHome(prefix: string, signal: AbortSignal): Promise<Home> {
  const home = new Home(await buildNetwork(homes(), prefix, signal));
  // Neighbours are resolved now, so that no test waits for that.
  for (const family of [4, 6] as const) {
    const { remote, local, tablet, stranger } = home.ends(family);
    for (const [by, address] of [
      ['tv-1', local.address],
      ['tablet-1', tablet],
    ] as const)
      for (const far of [remote.address, stranger])
        await home.passing({ by, from: { address, port: 1 }, to: { address: far, port: 1 } });
  }
  return home;
}

/** One home for all tests of a file. */
export function sharedHome(prefix: string): () => Home {
  let home: Home | undefined;
  before(async () => {
    home = await openHome(prefix, AbortSignal.timeout(60_000));
  });
  after(() => home?.[Symbol.asyncDispose]());
  return () => {
    assert.ok(home);
    return home;
  };
}

function payloadOf(content: Content, token: string): Buffer {
  switch (content) {
    case 'rtp':
      return rtpPayload(token, { payloadType: 96 });
    case 'rtp-97':
      return rtpPayload(token, { payloadType: 97 });
    case 'rtp-v1':
      return rtpPayload(token, { payloadType: 96, version: 1 });
    case 'rtcp':
      return rtcpPayload(token);
    case 'stun':
      return stunPayload(token);
    case 'dtls':
      return Buffer.concat([Buffer.of(22, 0xfe, 0xfd), Buffer.from(token)]);
    case 'noise':
      return noisePayload(token);
    default:
      return Buffer.from(token);
  }
}
