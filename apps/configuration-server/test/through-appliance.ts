import { linkQuestion } from '@sluice/api';
import type { Driver } from '@sluice/driver';
import { silentLog } from '@sluice/io';
import type { Clock, IpAddress } from '@sluice/model';
import { Answering } from '../../appliance/gateway/answering.ts';
import type { OwnPlayers } from '../../appliance/gateway/own-players.ts';
import type { OwnRequests } from '../../appliance/gateway/own-requests.ts';
import { ProbeWatch } from '../../appliance/gateway/probe-watch.ts';
import { ApplianceLinks, type LinkNews } from '../by-appliance/links.ts';

/** A portal and an appliance, in memory: what passes is JSON, one question at a time. */
export interface AppliancePair {
  readonly links: ApplianceLinks;
  /** Connects one more program of an appliance; disposing of it disconnects. */
  connect(
    applianceId: string,
    requests: OwnRequests,
    drivers: readonly Driver[],
    seen?: { readonly observed: IpAddress; readonly players?: OwnPlayers },
  ): Disposable;
  /** The next answer gets lost on its way up. */
  loseNextAnswer(): void;
  /** The next question gets lost on its way down. */
  loseNextQuestion(): void;
}

/** Addresses of the device in tests. */
export const deviceAddresses: ReadonlySet<IpAddress> = new Set(['192.168.1.2', '2001:db8:100::2']);

/** Connects a configuration server's links to appliances without a network. */
export function appliancePair(
  clock: Clock,
  news: LinkNews = { applianceCameBack() {}, applianceLost() {} },
): AppliancePair {
  const links = new ApplianceLinks(silentLog, news);
  const takers = new Map<string, (question: unknown) => void>();
  let stream = '';
  let lost: 'answer' | 'question' | undefined;
  links.openStream('self::portal-1', (event) => {
    const copy = JSON.parse(JSON.stringify(event)) as { stream?: string; link?: string; question?: unknown };
    if (copy.stream !== undefined) stream = copy.stream;
    else takers.get(copy.link ?? '')?.(copy.question);
  });
  const lose = (what: 'answer' | 'question') => {
    if (lost !== what) return false;
    lost = undefined;
    return true;
  };
  let connected = 0;
  return {
    links,
    connect(applianceId, requests, drivers, { observed, players } = { observed: '203.0.113.1' }) {
      const link = (++connected).toString(16).padStart(16, '0');
      const answering = new Answering({ drivers, requests, watch: new ProbeWatch(clock), clock, players });
      takers.set(link, (text) => {
        const question = linkQuestion.safeParse(text);
        // Connecting and looking are not what a test wants lost.
        const isStep = question.success && question.data.ask === 'apply';
        if (!question.success || (isStep && lose('question'))) return;
        void answering.answer(question.data, new AbortController().signal).then((answer) => {
          if (isStep && lose('answer')) return;
          links.answered('self::portal-1', link, 'answers', answer.id, JSON.parse(JSON.stringify(answer)));
        });
      });
      const refusal = links.announce('self::portal-1', { stream, link, applianceId, observed });
      if (refusal) throw new Error(refusal.message);
      return { [Symbol.dispose]: () => void links.leave('self::portal-1', link) };
    },
    loseNextAnswer() {
      lost = 'answer';
    },
    loseNextQuestion() {
      lost = 'question';
    },
  };
}
