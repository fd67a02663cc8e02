import { setTimeout } from 'node:timers/promises';
import { type Endpoint, type Family, familyOf, formatEndpoint } from '@sluice/model';
import { parseRtp } from '@sluice/wire/rtp';
import type { BuiltNetwork } from '../build.ts';
import { Sniffer } from '../packets/index.ts';
import type { Deployment } from '../parts.ts';
import { addressFacing, hostsRunning, pathOf } from '../topology.ts';
import { type Bystanders, callRightProbe, callWrongProbes } from './call-probes.ts';
import { type CallPlan, startCaller } from './caller.ts';
import { globalPorts, openingsLeft } from './ground.ts';
import type { ProbeReport } from './probe-report.ts';
import type { Probe, Target } from './probes.ts';
import { Probing } from './probing.ts';
import { judgeCall, type OnceReport, type Step } from './report.ts';
import type { OnceOptions } from './session.ts';

/** Packets of each probe. */
const times = 5;
/** Long enough to try every wrong packet while they speak. */
const seconds = 4;
/** The payload type of the tone that they send; that of probes is another, so that nobody hears them. */
const tonePayloadType = 0;
/** An end that no call has: what is tried before there is one. */
const guess = { local: 5000, global: 20_000 } as const;

/**
 * Has the two appliances of a topology call each other, and reports what both heard, who else could get in meanwhile, and
 * who else carried any of it. Ends of the call are taken from packets on the devices' own wires: no part is asked.
 */
export async function holdCall(
  deployment: Deployment,
  options: Omit<OnceOptions, 'contentId'>,
  signal: AbortSignal,
): Promise<OnceReport> {
  const { network } = deployment;
  const { family, stopwatch } = options;
  const steps: Step[] = [];
  const step = (name: string): void => {
    const taken = { step: name, ms: Math.round(stopwatch() * 10) / 10 };
    steps.push(taken);
    options.onStep?.(taken);
  };
  const [one, two] = hostsRunning(network.topology, 'appliance').map(({ name }) => name);
  if (one === undefined || two === undefined) throw new RangeError('a call needs two appliances');
  const isDirect = gatewayOf(network, one) === gatewayOf(network, two);
  using wires = new CallWires(network);
  using probing = new Probing(network);
  const probes: ProbeReport[] = [];
  const tryWrong = async (phase: ProbeReport['phase'], targets: readonly Target[], more: readonly Probed[] = []) => {
    const wrong = targets.flatMap((target) =>
      callWrongProbes(target, bystanders(network, target, family)).map((probe) => ({ target, probe })),
    );
    probes.push(...(await probing.try(phase, [...more, ...wrong], times, signal)));
    step(`probed-${phase}`);
  };
  step('lab-ready');
  const expected = [targetOf(network, family, one, two), targetOf(network, family, two, one)];
  const tryEveryPort = async (phase: ProbeReport['phase'], targets: readonly Target[]) => {
    for (const target of targets) {
      const ports = familyOf(target.global.address) === 6 ? [target.local.port] : globalPorts;
      // In one home nothing is opened: whatever comes from outside is wrong.
      const probe = { ...callRightProbe(target), ...(isDirect && { probe: 'any packet', right: false }) };
      probes.push(await probing.sweep(phase, target, probe, [target.global.address], ports, signal));
    }
  };
  await tryEveryPort('before', expected);
  await tryWrong('before', expected);

  const plan: CallPlan = { name: `once-${family}`, family, seconds };
  await using first = await startCaller(deployment, one, two, plan, signal);
  await using second = await startCaller(deployment, two, one, plan, signal);
  const results = Promise.all([first.result, second.result]);
  results.catch(() => {});
  const heard = await Promise.race([wires.untilBothHear(one, two, signal), results.then(() => undefined)]);
  const targets = heard ? targetsOn(expected, heard, isDirect) : expected;
  step(heard ? 'talking' : 'not-talking');
  const openingsMeanwhile = await openingsLeft(deployment, [one, two], signal);
  if (isDirect) await tryEveryPort('during', targets);
  const right = isDirect ? [] : targets.map((target) => ({ target, probe: callRightProbe(target) }));
  await tryWrong('during', targets, heard ? right : []);

  const [atOne, atTwo] = await results;
  step('hung-up');
  await tryWrong('after', targets, right);
  const seen = {
    probes,
    openingsLeft: await openingsLeft(deployment, [one, two], signal),
    call: {
      expected: isDirect ? ('direct' as const) : ('gateways' as const),
      parties: [
        { ...atOne, host: one, speaksFrom: endOf(heard?.[1]) },
        { ...atTwo, host: two, speaksFrom: endOf(heard?.[0]) },
      ],
      openingsMeanwhile,
      carriedByOthers: wires.carriedByOthers(isDirect),
    },
  };
  const reasons = judgeCall(seen);
  const verdict = reasons.length === 0 ? 'pass' : 'fail';
  return { verdict, reasons, content: 'call', family, steps, streams: [], ...seen };
}

interface Probed {
  readonly target: Target;
  readonly probe: Probe;
}

/** A packet of the call as it came in at a device: from where, and to where there. */
interface Heard {
  readonly from: Endpoint;
  readonly to: Endpoint;
}

const endOf = (heard: Heard | undefined): string => (heard ? formatEndpoint(heard.from) : '');

const gatewayOf = ({ topology }: BuiltNetwork, host: string): string | undefined => pathOf(topology, host)[0]?.name;

/** One party's end as it can be guessed before the call: all but the ports. */
function targetOf(network: BuiltNetwork, family: Family, host: string, other: string): Target {
  const outside = (of: string) =>
    family === 6 ? network.address(of, 6) : addressFacing(network.topology, gatewayOf(network, of) ?? '', 'wan', 4);
  const local = { address: network.address(host, family), port: guess.local };
  return {
    streamId: `audio to ${host}`,
    kind: 'rtp',
    payloadType: 96,
    firstSpeaker: 'appliance',
    remote: { address: outside(other), port: guess.global },
    global: family === 6 ? local : { address: outside(host), port: guess.global },
    local,
  };
}

/** The same with the ends that packets were seen to have: a party is reached where its own packets come from. */
function targetsOn(
  [one, two]: readonly Target[],
  [atOne, atTwo]: readonly [Heard, Heard],
  isDirect: boolean,
): readonly Target[] {
  const known = (target: Target | undefined, own: Heard, other: Heard): Target[] =>
    target ? [{ ...target, local: own.to, ...(isDirect ? {} : { remote: own.from, global: other.from }) }] : [];
  return [...known(one, atOne, atTwo), ...known(two, atTwo, atOne)];
}

function bystanders(network: BuiltNetwork, { local }: Target, family: Family): Bystanders {
  const isFirstHome = network.address('tv-1', family) === local.address;
  return {
    stranger: network.address('stranger', family),
    server: network.address('media', family),
    // Hosts outside know the way to the first home's private addresses alone, and the homes have the same ones.
    ...(family === 4 && isFirstHome && { hidden: local.address }),
    ...(isFirstHome && { otherDevice: network.address('tablet-1', family) }),
  };
}

/** Every wire that packets of a call might be seen on. */
class CallWires implements Disposable {
  readonly #network: BuiltNetwork;
  readonly #sniffers = new Map<string, Sniffer>();

  constructor(network: BuiltNetwork) {
    this.#network = network;
    for (const { name, members } of network.topology.networks)
      for (const { host, interface: at } of members)
        this.#sniffers.set(`${name} ${host}`, new Sniffer(network.namespace(host), at));
  }

  /** The first packet that each of the two heard of the other. */
  async untilBothHear(one: string, two: string, signal: AbortSignal): Promise<readonly [Heard, Heard]> {
    for (;;) {
      const [atOne, atTwo] = [one, two].map((host) => this.#heardAt(host)[0]);
      if (atOne && atTwo) return [atOne, atTwo];
      await setTimeout(10, undefined, { signal });
    }
  }

  /** Packets of the tone at whoever is no party, and no gateway that it must go through: relays, if there were any. */
  carriedByOthers(isDirect: boolean): number {
    const { topology } = this.#network;
    const parties = new Set(hostsRunning(topology, 'appliance').map(({ name }) => name));
    const onPath = new Set(isDirect ? [] : hostsRunning(topology, 'gateway').map(({ name }) => name));
    return topology.hosts
      .filter(({ name }) => !parties.has(name) && !onPath.has(name))
      .reduce((sum, { name }) => sum + this.#heardAt(name).length, 0);
  }

  [Symbol.dispose](): void {
    for (const sniffer of this.#sniffers.values()) sniffer[Symbol.dispose]();
  }

  #heardAt(host: string): readonly Heard[] {
    return [...this.#sniffers]
      .filter(([place]) => place.endsWith(` ${host}`))
      .flatMap(([, sniffer]) => sniffer.seen())
      .flatMap(({ packet, direction }) =>
        direction === 'in' && packet.transport === 'udp' && parseRtp(packet.payload)?.payloadType === tonePayloadType
          ? [{ from: packet.from, to: packet.to }]
          : [],
      );
  }
}
