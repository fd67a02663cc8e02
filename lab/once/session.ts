import type { ContentAnswer } from '@sluice/api';
import { type Endpoint, type Family, familyOf, type IpAddress } from '@sluice/model';
import type { Deployment } from '../parts.ts';
import {
  appliance,
  findContent,
  innerEnds,
  openingsLeft,
  portsBefore,
  surroundingsOf,
  targetsBefore,
} from './ground.ts';
import type { ProbeReport } from './probe-report.ts';
import { type Probe, rightProbe, type Target, wrongProbes } from './probes.ts';
import { Probing, type Tally } from './probing.ts';
import { judge, type OnceReport, type Step, type StreamReport } from './report.ts';
import { type ViewingResult, view } from './viewer.ts';
import { remarksOn } from './weaker.ts';

/** Which session to hold. */
export interface OnceOptions {
  readonly contentId: string;
  readonly family: Family;
  /** Told each step as it is taken. */
  readonly onStep?: (step: Step) => void;
  /** Milliseconds since the run began. */
  readonly stopwatch: () => number;
}

/** Packets of each probe. */
const times = 5;
/** Between packets of the right kind that go on across the session's end, ms. */
const persistEveryMs = 20;
/**
 * Holds one session of the first home's television from request to closed, with the probes that must not get through,
 * and reports what was seen. Rejects when there is no such session to look at: no content, no verdict, no packet.
 */
export async function holdOnce(deployment: Deployment, options: OnceOptions, signal: AbortSignal): Promise<OnceReport> {
  const { network } = deployment;
  const { contentId, family, stopwatch } = options;
  const steps: Step[] = [];
  const step = (name: string, atMs = stopwatch()): void => {
    const taken = { step: name, ms: Math.round(atMs * 10) / 10 };
    steps.push(taken);
    options.onStep?.(taken);
  };
  step('lab-ready');
  const content = await findContent(deployment, contentId, family, signal);
  const expected = targetsBefore(content, deployment, family);
  const around = surroundingsOf(network, family);
  const wrong = (targets: readonly Target[]) =>
    targets.flatMap((target) => wrongProbes(target, around).map((probe) => ({ target, probe })));
  const right = (targets: readonly Target[]) =>
    targets.flatMap((target) => {
      const probe = rightProbe(target);
      return probe ? [{ target, probe }] : [];
    });
  using probing = new Probing(network);
  const probes: ProbeReport[] = [];

  for (const { target, probe } of right(expected))
    probes.push(await probing.sweep('before', target, probe, around.entrances, portsBefore(target), signal));
  probes.push(...(await probing.try('before', wrong(expected), times, signal)));
  step('probed-before');

  const localPorts = Object.fromEntries(expected.map(({ streamId, local }) => [streamId, local.port]));
  const firstSpeaker = Object.fromEntries(expected.map(({ streamId, firstSpeaker }) => [streamId, firstSpeaker]));
  // The appliance's clock starts with its request.
  let askedAtMs: number | undefined;
  const onStep = (name: string, ms: number): void => {
    askedAtMs ??= stopwatch() - ms;
    step(name, askedAtMs + ms);
  };
  await using viewing = await view(deployment, { contentId, family, localPorts, firstSpeaker, onStep }, signal);
  const answer = await viewing.open;
  const targets = targetsOf(answer, expected, await innerEnds(deployment, answer.sessionId, signal));
  // A download would be over before it could be tried: its receiver is held still meanwhile.
  const isBrief = targets.every(({ kind }) => kind === 'tcp');
  if (isBrief) viewing.process.kill('SIGSTOP');
  else await viewing.arrived(targets.filter(({ kind }) => kind === 'rtp').map(({ streamId }) => streamId));

  const persistent = right(targets).map((tried) => ({
    ...tried,
    sending: probing.persist(tried.target, tried.probe, persistEveryMs),
  }));
  probes.push(...(await probing.try('during', [...right(targets), ...wrong(targets)], times, signal)));
  step('probed-during');
  if (isBrief) viewing.process.kill('SIGCONT');

  await viewing.left;
  await Promise.all(persistent.map(({ sending }) => sending.turn()));
  probes.push(...(await probing.try('after', wrong(targets), times, signal)));
  const result = await viewing.result;
  for (const { target, probe, sending } of persistent) {
    sending.stop();
    probes.push(afterwards(target, probe, await sending.turn()));
  }
  step('probed-after');
  const seen = {
    ...{ content: contentId, family, probes, openingsLeft: await openingsLeft(deployment, [appliance], signal) },
    steps: steps.toSorted((a, b) => a.ms - b.ms),
    streams: streamReports(result, expected),
    complaints: [...result.reasons, ...outsideSweep(targets, around.entrances)],
    ...saidOf(answer),
  };
  const reasons = judge(seen);
  const { complaints: _, ...shown } = seen;
  const remarks = remarksOn(probes, seen.held ?? {});
  return {
    verdict: reasons.length === 0 ? 'pass' : 'fail',
    reasons,
    ...(remarks.length > 0 && { remarks }),
    ...shown,
  };
}

/** What the verdict says of how tightly it is held. */
function saidOf({ held, heldNotes, probes }: ContentAnswer) {
  return { ...(held && { held }), ...(heldNotes && { heldNotes }), ...(probes && { checked: probes }) };
}

function targetsOf(answer: ContentAnswer, expected: readonly Target[], inner: ReadonlyMap<number, Endpoint>): Target[] {
  return expected.map(({ inner: _, ...target }) => {
    const granted = answer.streams.find(({ id }) => id === target.streamId);
    if (!granted) throw new Error(`the verdict does not name ${target.streamId}`);
    const { remote, global, local }: Record<'remote' | 'global' | 'local', Endpoint> = granted;
    const end = inner.get(local.port);
    if (!end) throw new Error(`the gateway that the appliance is behind holds no opening of ${target.streamId}`);
    return { ...target, remote, global, local, ...(end.address !== global.address && { inner: end }) };
  });
}

/** An address or port that was not tried before would make "before" prove nothing. */
function outsideSweep(targets: readonly Target[], entrances: readonly IpAddress[]): string[] {
  return targets.flatMap((target) => {
    const { address, port } = target.global;
    const isTried = portsBefore(target).includes(port) && (familyOf(address) === 6 || entrances.includes(address));
    return target.kind === 'tcp' || isTried
      ? []
      : [`${target.streamId} was opened on ${address}, port ${port}, which was not tried before`];
  });
}

function afterwards({ streamId: stream, firstSpeaker }: Target, { probe, sender }: Probe, tally: Tally): ProbeReport {
  return { probe, sender, stream, phase: 'after', firstSpeaker, right: true, ...tally };
}

function streamReports(result: ViewingResult, targets: readonly Target[]): StreamReport[] {
  return result.streams.map((stream) => ({
    id: stream.id,
    kind: stream.kind,
    family: stream.family,
    remote: stream.remote,
    globalAddress: stream.globalAddress,
    globalPort: stream.globalPort,
    localAddress: stream.localAddress,
    localPort: stream.localPort,
    firstSpeaker: targets.find(({ streamId }) => streamId === stream.id)?.firstSpeaker ?? 'server',
    packetsSent: stream.packetsSent ?? 0,
    packetsReceived: stream.packetsReceived,
    lost: stream.lost ?? 0,
    bytesSent: stream.bytesSent ?? 0,
    bytesReceived: stream.bytesReceived,
    protection: stream.protection,
    ...(stream.clearBecause !== undefined && { clearBecause: stream.clearBecause }),
    unauthentic: stream.unauthentic ?? 0,
    decoded: stream.decoded ?? 0,
  }));
}
