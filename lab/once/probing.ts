import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { IpAddress } from '@sluice/model';
import type { BuiltNetwork } from '../build.ts';
import { noisePayload, RawSender, rtcpPayload, rtpPayload, Sniffer } from '../packets/index.ts';
import { neighbour } from './ground.ts';
import type { ProbeReport } from './probe-report.ts';
import type { Phase, Probe, Sender, Target } from './probes.ts';

/** Packets of the right kind sent on and on, across the end of a session. */
export interface Persistent {
  /** From now on is the next phase: gives what was sent and passed up to here, and begins a new count. */
  turn(): Promise<{ readonly sent: number; readonly passed: number }>;
  stop(): void;
}

/** Who sends, and from which host; only two boxes in a row have a neighbour between them. */
const senders: readonly (readonly [Sender, string])[] = [
  ['media server', 'media'],
  ['stranger', 'stranger'],
  ['neighbour', neighbour],
];
/** How long a packet may take through the lab before it counts as dropped, ms; the way takes well under one. */
const settleMs = 150;

/**
 * Sends probes from the media server's host, the stranger's and the neighbour's, and counts at the devices' own interfaces which of them
 * came into the home. No part of the system is asked: a packet is known by a token that no other has.
 */
export class Probing implements Disposable {
  readonly #senders: ReadonlyMap<Sender, RawSender>;
  readonly #sniffers: readonly Sniffer[];

  /** In the first home of {@link homes}. */
  constructor(network: BuiltNetwork) {
    this.#senders = new Map(
      senders
        .filter(([, host]) => network.topology.hosts.some(({ name }) => name === host))
        .map(([sender, host]) => [sender, new RawSender(network.namespace(host))]),
    );
    this.#sniffers = ['tv-1', 'tablet-1'].map((host) => new Sniffer(network.namespace(host), 'eth0'));
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
    return sent.map(({ target, probe, token, sent }) => report(phase, target, probe, sent, this.#passed(token)));
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
    return report(phase, target, probe, ends.length, this.#passed(token));
  }

  /** Sends one packet of `probe` every `everyMs` until stopped. */
  persist(target: Target, probe: Probe, everyMs: number): Persistent {
    let token = newToken();
    let sent = 0;
    const timer = setInterval(() => {
      this.#send(probe, target, token, 1);
      sent++;
    }, everyMs);
    const passed = (of: string): number => this.#passed(of);
    return {
      async turn() {
        const before = { token, sent };
        token = newToken();
        sent = 0;
        await setTimeout(settleMs);
        return { sent: before.sent, passed: passed(before.token) };
      },
      stop: () => clearInterval(timer),
    };
  }

  [Symbol.dispose](): void {
    for (const sender of this.#senders.values()) sender[Symbol.dispose]();
    for (const sniffer of this.#sniffers) sniffer[Symbol.dispose]();
  }

  #send(probe: Probe, target: Target, token: string, times: number): void {
    const { transport, from, to } = probe;
    const payload = payloadOf(probe, target, token);
    this.#senders.get(probe.sender)?.send({ transport, from, to, payload }, times);
  }

  #passed(token: string): number {
    return this.#sniffers.reduce((sum, sniffer) => sum + sniffer.count(token), 0);
  }

  #forget(): void {
    for (const sniffer of this.#sniffers) sniffer.clear();
  }
}

function report(phase: Phase, target: Target, probe: Probe, sent: number, passed: number): ProbeReport {
  const { streamId: stream, firstSpeaker } = target;
  return { probe: probe.probe, sender: probe.sender, stream, phase, firstSpeaker, right: probe.right, sent, passed };
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
