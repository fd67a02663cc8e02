import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '@sluice/io';
import { type Refusal, refuse } from '@sluice/model';
import { start } from '../io/ffmpeg.ts';
import { openRelay } from '../io/relay.ts';
import type { Portal } from '../portal.ts';
import type { Surroundings } from '../receiving/receiving.ts';
import { type Onlooker, requestContent } from '../request-content.ts';
import { News } from '../screen/news.ts';

/** What a play that is handed to a player needs. */
export interface HandingPorts {
  readonly portal: Portal;
  /** The player's command; `{sdp}` in it stands for the file that describes what comes to which port. */
  readonly player: readonly string[];
  readonly around: Surroundings;
  readonly log: Log;
}

/** A content that a page had a player of this device play. */
export interface HandedPlay {
  readonly playId: string;
  /** Whose page asked. */
  readonly origin: string;
  readonly contentId: string;
  /** `content`, `step`, `opened`, `ended`, `left`, `failed`: as it happens. */
  readonly news: News;
  /** Resolves when the home is closed again. */
  readonly over: Promise<void>;
  /** Ends the player, and closes the home. */
  leave(): Promise<void>;
}

/** Asks for a content at once, and hands what comes to the household's player until either ends. */
export function handPlay(ports: HandingPorts, origin: string, contentId: string): HandedPlay {
  const playId = crypto.randomUUID();
  const news = new News();
  const leaving = new AbortController();
  const over = playing(ports, contentId, news, leaving.signal).catch((error: unknown) => {
    ports.log.error({ playId, error: error instanceof Error ? error.message : String(error) }, 'the play failed');
    news.tell('failed', refuse('part-unreachable', 'this device could not play it'));
  });
  ports.log.info({ playId, origin, contentId }, 'a page asks');
  return {
    ...{ playId, origin, contentId, news, over },
    leave() {
      leaving.abort(new Error('left'));
      return over;
    },
  };
}

async function playing(
  { portal, player, around, log }: HandingPorts,
  contentId: string,
  news: News,
  leave: AbortSignal,
): Promise<void> {
  await using opened = new AsyncDisposableStack();
  const playerEnded = Promise.withResolvers<'player-ended'>();
  let relay: Awaited<ReturnType<typeof openRelay>> | undefined;
  let nothing: Refusal | undefined;
  const onlooker: Onlooker = {
    async content({ title, kind }, presentation) {
      if (!presentation) {
        nothing = refuse('content-unknown', `${contentId} is nothing that a player shows`, contentId);
        return;
      }
      relay = opened.use(await openRelay(presentation));
      const directory = await mkdtemp(join(tmpdir(), 'sluice-play-'));
      opened.defer(() => rm(directory, { recursive: true, force: true }));
      const file = join(directory, 'content.sdp');
      await writeFile(file, relay.sdp, { mode: 0o600 });
      const [program = '', ...parameters] = player.map((word) => word.replaceAll('{sdp}', file));
      const running = start(program, parameters);
      running.output.resume();
      opened.defer(async () => {
        running.stop();
        await running.ended.catch(() => {});
      });
      running.ended.then(
        ({ status, complaints }) => {
          if (status) log.warn({ program, status, complaints: complaints.slice(-500) }, 'the player complained');
          playerEnded.resolve('player-ended');
        },
        (error: Error) => {
          nothing = refuse('part-unreachable', error.message);
          playerEnded.resolve('player-ended');
        },
      );
      news.tell('content', { contentId, title, kind });
    },
    step: (step) => news.tell('step', step),
    rtp: (...packet) => relay?.audience.rtp(...packet),
    rtcp: (...packet) => relay?.audience.rtcp(...packet),
  };
  const asking = new AbortController();
  const giveUp = () => asking.abort(new Error('left before there was a verdict'));
  leave.addEventListener('abort', giveUp, { once: true });
  void playerEnded.promise.then(giveUp);
  if (leave.aborted) giveUp();
  let answer: Awaited<ReturnType<typeof requestContent>>;
  try {
    answer = await requestContent(portal, { contentId }, onlooker, around, asking.signal);
  } catch (error) {
    if (!asking.signal.aborted) throw error;
    news.tell(nothing ? 'failed' : 'left', nothing ?? {});
    return;
  }
  if (answer.kind === 'refused') return news.tell('failed', answer.refusal);
  const play = answer.value;
  const { sessionId, until } = play.answer;
  if (!nothing) news.tell('opened', { sessionId, until });
  const left = Promise.withResolvers<'left'>();
  leave.addEventListener('abort', () => left.resolve('left'), { once: true });
  if (leave.aborted) left.resolve('left');
  const ending = nothing ? 'player-ended' : await Promise.race([play.ended, playerEnded.promise, left.promise]);
  const view = await play.leave(ending === 'content-ended' ? 'content-ended' : 'appliance-left');
  if (nothing) news.tell('failed', nothing);
  else news.tell('ended', { ending });
  if (view.kind === 'refused') news.tell('failed', view.refusal);
  else news.tell('left', { state: view.value.state });
}
