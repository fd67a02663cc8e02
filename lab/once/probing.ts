import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { IpAddress } from '@sluice/model';
import type { BuiltNetwork } from '../build.ts';
import { noisePayload, RawSender, rtcpPayload, rtpPayload, Sniffer } from '../packets/index.ts';
import { pathOf } from '../topology.ts';
import { appliance, neighbour } from './ground.ts';
import type { ProbeReport } from './probe-report.ts';
import type { Phase, Probe, Sender, Target } from './probes.ts';

/** Packets of the right kind sent on and on, across the end of a session. */
export interface Persistent {
  /** From now on is the next phase: gives what was sent and passed up to here, and begins a new count. */
  turn(): Promise<Tally>;
  stop(): void;
}

/** What became of packets that carried one token. */
export type Tally = Pick<ProbeReport, 'sent' | 'passed' | 'between'>;

/** Who sends, and from which host; only two boxes in a row have a neighbour between them. */
const senders: readonly (readonly [Sender, string])[] = [
  ['media server', 'media'],
  ['stranger', 'stranger'],
  ['neighbour', neighbour],
];
/** How long a packet may take through the lab before it counts as dropped, ms; the way takes well under one. */
const settleMs = 150;

/**
 * Sends probes from the media server's host, the stranger's and the neighbour's, and
 * counts at the devices' own interfaces which of them came into the home. No part of the system is asked: a packet is known by a token that no other has.
 */
export class Probing implements Disposable {
  readonly #senders: ReadonlyMap<Sender, RawSender>;
  readonly #devices: readonly Sniffer[];
  readonly #between: Sniffer | undefined;

  /** At every device of every home, and between the two gateways in front of the first one's, where there are two. */
  constructor(network: BuiltNetwork) {
    this.#senders = new Map(
      senders
        .filter(([, host]) => network.topology.hosts.some(({ name }) => name === host))
        .map(([sender, host]) => [sender, new RawSender(network.namespace(host))]),
    );
    this.#devices = network.topology.hosts
      .filter(({ name }) => /^(tv|tablet)-/.test(name))
      .map(({ name }) => new Sniffer(network.namespace(name), 'eth0'));
    const [inner, outer] = pathOf(network.topology, appliance);
    if (inner && outer) this.#between = new Sniffer(network.namespace(inner.name), 'wan0');
  }

  /** Sends each probe of a target `times` over, and reports what passed. */
  async try(
    phase: Phase,
    tries: readonly { readonly target: Target; readonly probe: Probe }[],
    times: number,
    signal: AbortSignal,
  ): Promise<ProbeReport[]> {
    this.#forget();
    const sent = tries.map((tried) => {
      const token = newToken();
      this.#send(tried.probe, tried.target, token, times);
      return { ...tried, token, sent: times };
    });
    await setTimeout(settleMs, undefined, { signal });
    return sent.map(({ target, probe, token, sent }) => report(phase, target, probe, this.#tally(probe, token, sent)));
  }

  /** Sends one probe to every port of `ports` at each of `addresses` once, or where it is meant to go if there are none, and reports it as one. */
  async sweep(
    phase: Phase,
    target: Target,
    probe: Probe,
    addresses: readonly IpAddress[],
    ports: readonly number[],
    signal: AbortSignal,
  ): Promise<ProbeReport> {
    this.#forget();
    const token = newToken();
    const ends = (addresses.length > 0 ? addresses : [probe.to.address]).flatMap((address) =>
      ports.map((port) => ({ address, port })),
    );
    for (const to of ends) this.#send({ ...probe, to }, target, token, 1);
    await setTimeout(settleMs, undefined, { signal });
    return report(phase, target, probe, this.#tally(probe, token, ends.length));
  }

  /** Sends one packet of `probe` every `everyMs` until stopped. */
  persist(target: Target, probe: Probe, everyMs: number): Persistent {
    let token = newToken();
    let sent = 0;
    const timer = setInterval(() => {
      this.#send(probe, target, token, 1);
      sent++;
    }, everyMs);
    const tally = (of: string, times: number): Tally => this.#tally(probe, of, times);
    return {
      async turn() {
        const before = { token, sent };
        token = newToken();
        sent = 0;
        await setTimeout(settleMs);
        return tally(before.token, before.sent);
      },
      stop: () => clearInterval(timer),
    };
  }

  [Symbol.dispose](): void {
    for (const sender of this.#senders.values()) sender[Symbol.dispose]();
    for (const sniffer of this.#sniffers()) sniffer[Symbol.dispose]();
  }

  #send(probe: Probe, target: Target, token: string, times: number): void {
    const { transport, from, to } = probe;
    const payload = payloadOf(probe, target, token);
    this.#senders.get(probe.sender)?.send({ transport, from, to, payload }, times);
  }

  #tally({ sender }: Probe, token: string, sent: number): Tally {
    const passed = this.#devices.reduce((sum, sniffer) => sum + sniffer.count(token), 0);
    // A neighbour stands there already.
    const isPast = this.#between && sender !== 'neighbour';
    return { sent, passed, ...(isPast && { between: this.#between.count(token) }) };
  }

  #sniffers(): readonly Sniffer[] {
    return [...this.#devices, ...(this.#between ? [this.#between] : [])];
  }

  #forget(): void {
    for (const sniffer of this.#sniffers()) sniffer.clear();
  }
}

function report(phase: Phase, { streamId, firstSpeaker }: Target, probe: Probe, tally: Tally): ProbeReport {
  return {
    probe: probe.probe,
    sender: probe.sender,
    stream: streamId,
    phase,
    firstSpeaker,
    right: probe.right,
    ...tally,
  };
}

function newToken(): string {
  return randomBytes(8).toString('hex');
}

function payloadOf(probe: Probe, target: Target, token: string): Buffer {
  const payloadType = target.payloadType ?? 96;
  switch (probe.payload) {
    case 'rtp':
      return rtpPayload(token, { payloadType });
    case 'rtp-other-type':
      return rtpPayload(token, { payloadType: payloadType ^ 1 });
    case 'rtcp':
      return rtcpPayload(token);
    case 'noise':
      return noisePayload(token);
  }
}
