import { join } from 'node:path';
import type { ContentAnswer } from '@sluice/api';
import type { Refusal } from '@sluice/model';
import { hostDirectory, originOf, partPorts } from '../configurations.ts';
import { type Deployment, sluiceCommand } from '../parts.ts';
import { type HostProcess, startOnHost } from '../process.ts';
import type { StreamReport } from './report.ts';

/** The JSON lines of `sluice appliance play --events`. */
type Moment =
  | { readonly event: 'step'; readonly step: string; readonly ms: number }
  | { readonly event: 'first-packet'; readonly stream: string }
  | ({ readonly event: 'open' } & ContentAnswer)
  | { readonly event: 'left' }
  | ({ readonly event: 'result' } & ViewingResult);

/** The result of a play, as far as it is read here. */
export interface ViewingResult {
  readonly verdict: 'pass' | 'fail';
  readonly reasons: readonly string[];
  readonly refusal?: Refusal;
  readonly streams: readonly (Omit<StreamReport, 'firstSpeaker' | 'unauthentic'> & {
    readonly unauthentic?: number;
    readonly decoded?: number;
    readonly lost?: number;
    readonly sha256?: string;
  })[];
}

/** What an appliance is told to play, and how. */
export interface ViewingWish {
  readonly contentId: string;
  readonly family: 4 | 6;
  readonly localPorts: Readonly<Record<string, number>>;
  readonly firstSpeaker: Readonly<Record<string, 'server' | 'appliance'>>;
  /** A step was taken, so many milliseconds after the request. */
  readonly onStep?: (step: string, ms: number) => void;
}

/** `sluice appliance play` on the first home's television. Disposing stops it. */
export interface Viewing extends AsyncDisposable {
  readonly process: HostProcess;
  /** The verdict. Rejects when the play ends without one. */
  readonly open: Promise<ContentAnswer>;
  /** Resolves when a packet has come on each of the streams. */
  arrived(streams: readonly string[]): Promise<void>;
  /** The session is closed. */
  readonly left: Promise<void>;
  readonly result: Promise<ViewingResult>;
}

/** Starts a play. Everything that is waited for rejects with the reason when it cannot come any more. */
export async function view(deployment: Deployment, wish: ViewingWish, signal: AbortSignal): Promise<Viewing> {
  const { network, directories } = deployment;
  const home = hostDirectory(directories, 'tv-1');
  const named = (option: string, of: Readonly<Record<string, string | number>>): string[] => {
    const pairs = Object.entries(of).map(([stream, value]) => `${stream}=${value}`);
    return pairs.length === 0 ? [] : [option, pairs.join(',')];
  };
  const open = Promise.withResolvers<ContentAnswer>();
  const left = Promise.withResolvers<void>();
  const result = Promise.withResolvers<ViewingResult>();
  const seen = new Set<string>();
  const waiting = new Set<() => void>();
  const over = Promise.withResolvers<never>();
  for (const { promise } of [open, left, result, over]) promise.catch(() => {});

  const take = (moment: Moment): void => {
    if (moment.event === 'step') wish.onStep?.(moment.step, moment.ms);
    if (moment.event === 'open') open.resolve(moment);
    if (moment.event === 'left') left.resolve();
    if (moment.event === 'first-packet') {
      seen.add(moment.stream);
      for (const look of waiting) look();
    }
    if (moment.event === 'result') {
      if (moment.verdict === 'fail') over.reject(new Error(moment.reasons.join('; ')));
      result.resolve(moment);
    }
  };
  const started = await startOnHost(
    {
      name: 'appliance on tv-1',
      namespace: network.namespace('tv-1'),
      becomesReady: false,
      command: sluiceCommand([
        ...['appliance', 'play', wish.contentId, '--events', '--record', join(home, `${wish.contentId}.mp4`)],
        ...['--portal', originOf(network, 'portal', partPorts.portal, wish.family), '--identity', home],
        ...named('--local-port', wish.localPorts),
        ...named('--first-speaker', wish.firstSpeaker),
      ]),
      onLine: (line) => {
        if (line.startsWith('{"event":')) take(JSON.parse(line) as Moment);
      },
    },
    signal,
  );
  void started.ended.then(() => {
    over.reject(new Error(`the appliance has ended: ${started.log.slice(-5).join('\n')}`));
    for (const { reject } of [open, left, result]) over.promise.catch(reject);
  });
  return {
    process: started,
    open: open.promise,
    async arrived(streams) {
      const all = new Promise<void>((resolve) => {
        const look = (): void => {
          if (streams.every((stream) => seen.has(stream))) resolve();
        };
        waiting.add(look);
        look();
      });
      await Promise.race([all, over.promise]);
    },
    left: left.promise,
    result: result.promise,
    [Symbol.asyncDispose]: () => started.stop(),
  };
}
