import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before } from 'node:test';
import type { Endpoint, Family, StreamType } from '@sluice/model';
import { type BuiltNetwork, buildNetwork } from '../../../lab/build.ts';
import {
  inNamespace,
  noisePayload,
  type Packet,
  RawSender,
  rtcpPayload,
  rtpPayload,
  type SctpFields,
  Sniffer,
  stunPayload,
  type TcpFields,
} from '../../../lab/packets/index.ts';
import { homes } from '../../../lab/topologies/home.ts';
import { type DataPlane, type KernelOpening, openDataPlane } from '../index.ts';
import { firewallBeside, isUntranslated } from './beside.ts';

/** What a packet carries besides its token. */
export type Content = 'noise' | 'rtp' | 'rtp-97' | 'rtp-v1' | 'rtcp' | 'stun' | 'dtls' | 'empty';

/** A packet to try. */
export interface Trial {
  readonly by: 'media' | 'stranger' | 'tv-1' | 'tablet-1';
  readonly transport?: 'udp' | 'tcp' | 'sctp' | 'esp';
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly content?: Content;
  readonly tcp?: TcpFields;
  readonly sctp?: SctpFields;
  /** In place of `content`: RTP of this payload type. */
  readonly payloadType?: number;
  readonly marker?: boolean;
}

/** A path from the media server to the first television, of ports that no other test uses, and what lies beside it. */
export interface Path {
  readonly remote: Endpoint;
  readonly global: Endpoint;
  readonly local: Endpoint;
  readonly otherServer: string;
  readonly stranger: string;
  readonly tablet: string;
  /** An opening for it. */
  opening(streamType: StreamType, more?: Partial<KernelOpening>): KernelOpening;
}

/** Hosts that answer no packet with "port unreachable", or that they know no such protocol, which would pass and be counted like any other. */
const quiet = `table inet quiet { chain output { type filter hook output priority filter;
  icmp code { port-unreachable, prot-unreachable } drop;
  icmpv6 type destination-unreachable icmpv6 code port-unreachable drop; icmpv6 type parameter-problem drop; }; }`;

/** A home with a real gateway, and eyes on both sides of it. */
export class Home implements AsyncDisposable {
  readonly network: BuiltNetwork;
  readonly plane: DataPlane;
  /** Whether the gateway is the guest of another firewall. */
  readonly isGuest: boolean;
  /** Whether it is the router too; else a firewall alone, and its IPv4 openings are as those of IPv6. */
  readonly translates = !isUntranslated();
  readonly #senders = new Map<string, RawSender>();
  /** What left the gateway into the home, and into the internet. */
  readonly #inward: Sniffer;
  readonly #outward: Sniffer;
  #tokens = 0;
  #paths = 0;

  /** Nothing is loaded yet. */
  constructor(network: BuiltNetwork, isGuest: boolean) {
    this.network = network;
    this.isGuest = isGuest;
    const gateway = network.namespace('gateway-1');
    this.plane = this.openPlane();
    for (const host of ['media', 'stranger', 'tv-1', 'tablet-1']) {
      this.#senders.set(host, new RawSender(network.namespace(host)));
      inNamespace(network.namespace(host), () => execFileSync('nft', [quiet]));
    }
    this.#inward = new Sniffer(gateway, 'lan0');
    this.#outward = new Sniffer(gateway, 'wan0');
  }

  /** Another agent on the gateway. */
  openPlane(): DataPlane {
    return inNamespace(this.network.namespace('gateway-1'), () =>
      openDataPlane({ mode: this.mode, ...(!this.translates && { translates: false }) }),
    );
  }

  /** Whether ordinary traffic of the home may leave from a port: no opening has its global port there. */
  isOrdinary(port: number): boolean {
    return !this.translates || port >= 32_768 || (this.isGuest && port < 16_384);
  }

  get mode(): 'auto' | 'owner' {
    return this.isGuest ? 'auto' : 'owner';
  }

  load(): 'loaded' | 'adopted' {
    return inNamespace(this.network.namespace('gateway-1'), () => this.plane.load({ wan: ['wan0'], lan: ['lan0'] }));
  }

  path(family: Family): Path {
    const offset = 2 * this.#paths++;
    const address = (host: string) => this.network.address(host, family);
    const remote = { address: address('media'), port: 7000 + offset };
    const local = { address: address('tv-1'), port: 5000 + offset };
    const wan = { address: this.network.address('gateway-1', 4, 'internet'), port: 20_000 + offset };
    const global = family === 4 && this.translates ? wan : local;
    return {
      remote,
      global,
      local,
      otherServer: family === 4 ? '203.0.113.11' : '2001:db8:1::11',
      stranger: address('stranger'),
      tablet: address('tablet-1'),
      opening: (streamType, more = {}) => ({ streamType, remote, global, local, tag: `${offset}|test`, ...more }),
    };
  }

  open(opening: KernelOpening, leaseMs = 60_000): void {
    assert.equal(this.plane.commit({ add: [{ opening, leaseMs }], renew: [], remove: [] }), undefined);
  }

  close(opening: KernelOpening): void {
    assert.equal(this.plane.commit({ add: [], renew: [], remove: [opening] }), undefined);
  }

  /** Sends a packet `times` over; the copies that got to the gateway's other side, as they were there. */
  passing(trial: Trial, times = 3): Promise<Packet[]> {
    const { by, from, to, transport = 'udp', content = 'noise', payloadType, marker = false, tcp, sctp } = trial;
    const payload = (token: string) =>
      payloadType === undefined ? payloadOf(content, token) : rtpPayload(token, { payloadType, marker });
    const build = (token: string) => ({
      transport,
      from,
      to,
      payload: payload(token),
      ...(tcp && { tcp }),
      ...(sctp && { sctp }),
    });
    return this.passingPacket(by, build, times);
  }

  /** As {@link passing}, for any packet that carries its token. */
  async passingPacket(by: Trial['by'], build: (token: string) => Packet, times: number): Promise<Packet[]> {
    const token = `token-${this.#tokens++}-`;
    const packet = build(token);
    // A stream that ran before may have filled them.
    for (const eye of [this.#inward, this.#outward]) eye.clear();
    this.#senders.get(by)?.send(packet, times);
    const home = by === 'tv-1' || by === 'tablet-1';
    await this.#fence(by, home);
    const eye = home ? this.#outward : this.#inward;
    if (packet.payload.length > 0) return eye.sent(token);
    return eye.seen().flatMap(({ packet: left, direction }) => {
      const like = direction === 'out' && left.payload.length === 0 && left.transport === packet.transport;
      return like ? [left] : [];
    });
  }

  /** As {@link passing}; how many. */
  async passed(trial: Trial, times = 3): Promise<number> {
    return (await this.passing(trial, times)).length;
  }

  /** Neighbours are resolved, so that no test waits for that. */
  async meetNeighbours(): Promise<void> {
    for (const family of [4, 6] as const) {
      const { remote, local, tablet, stranger } = this.path(family);
      for (const far of [remote, { ...remote, address: stranger }]) {
        await this.passing({ by: 'tv-1', from: local, to: far });
        await this.passing({ by: 'tablet-1', from: { ...local, address: tablet }, to: far });
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const sender of this.#senders.values()) sender[Symbol.dispose]();
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

/** One home for all tests of a file, its gateway loaded and closed; beside another firewall where the process says so. */
export function sharedHome(prefix: string): () => Home {
  let home: Home | undefined;
  before(async () => {
    const beside = firewallBeside();
    const kind = `${beside === undefined ? '' : 'g'}${isUntranslated() ? 'u' : ''}`;
    const name = `${kind}${prefix}`.slice(0, kind === '' ? undefined : 8);
    const network = await buildNetwork(homes(), name, AbortSignal.timeout(60_000));
    if (beside !== undefined)
      inNamespace(network.namespace('gateway-1'), () => execFileSync('nft', ['-f', '-'], { input: beside }));
    home = new Home(network, beside !== undefined);
    assert.equal(home.load(), 'loaded');
    await home.meetNeighbours();
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
      return Buffer.alloc(0);
  }
}
