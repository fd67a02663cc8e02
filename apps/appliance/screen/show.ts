import type { Readable } from 'node:stream';
import type { Answer } from '@sluice/api';
import type { Log } from '@sluice/io';
import type { Cancel, Refusal } from '@sluice/model';
import type { Portal } from '../portal.ts';
import type { Surroundings } from '../receiving/receiving.ts';
import { type ContentPlay, type Onlooker, requestContent, type Wish } from '../request-content.ts';
import { advice } from './advice.ts';
import { News } from './news.ts';
import { mimeOf, openPicture, type Picture } from './picture.ts';
import { FileKeeper, type ShownFile } from './shown-file.ts';

/** One content on the screen, from the request until it is left. */
export interface Show {
  readonly showId: string;
  readonly news: News;
  /** Fragmented MP4 of what arrives, once; undefined where there is none, or somebody has it. */
  takeMedia(): Readable | undefined;
  /** The picture or the text, once all of it is here. */
  readonly file: ShownFile | undefined;
  /** Closes the home again; resolves when it is. */
  leave(): Promise<void>;
}

const countersMs = 500;
/** A page that was closed leaves nobody looking; so long a page may take to load. */
const nobodyMs = 8_000;

/** Asks for a content at once, and shows it; what goes wrong is told in the news. */
export function openShow(portal: Portal, wish: Wish, around: Surroundings, log: Log): Show {
  const showId = crypto.randomUUID();
  const news = new News();
  const asking = new AbortController();
  const repeating = new Set<Cancel>();
  let picture: Picture | undefined;
  let leaving: Promise<void> | undefined;

  const every = (ms: number, act: () => void) => {
    const cancel = around.clock.after(ms, () => {
      repeating.delete(cancel);
      act();
      if (!leaving) every(ms, act);
    });
    repeating.add(cancel);
  };
  const fail = (refusal: Refusal) => {
    log.info({ showId, ...refusal }, 'refused');
    news.tell('failed', { ...refusal, advice: advice[refusal.code] });
  };
  let isText = false;
  let keeper: FileKeeper | undefined;
  const onlooker: Onlooker = {
    async content({ contentId, title, kind, streams, file }, presentation) {
      isText = kind === 'film';
      keeper = new FileKeeper({ kind, ...(file && { file }) });
      if (presentation) {
        picture = await openPicture(presentation, around.clock);
        void picture.ended.then((complaints) => {
          if (complaints === '') return;
          log.warn({ showId, complaints }, 'ffmpeg failed');
          news.tell('no-picture', { message: complaints.split('\n').at(-1) });
        });
      }
      news.tell('content', { contentId, title, kind, streams, mime: presentation && mimeOf(presentation) });
    },
    step: (step) => news.tell('step', step),
    rtp: (...packet) => picture?.feed.rtp(...packet),
    rtcp: (...packet) => picture?.feed.rtcp(...packet),
    tcp: (streamId, bytes) => {
      // Base64, since a piece may end within a letter.
      if (isText) news.tell('text', { streamId, text: Buffer.from(bytes).toString('base64') });
      else keeper?.push(bytes);
    },
    tcpEnd: () => {
      if (!isText && keeper?.end()) news.tell('file', {});
    },
  };

  const opened = (play: ContentPlay) => {
    const { sessionId, until, streams } = play.answer;
    news.tell('opened', { sessionId, until, streams });
    log.info({ showId, sessionId, contentId: wish.contentId }, 'open');
    every(countersMs, () => news.tell('counters', { streams: play.statistics() }, false));
    void play.ended.then((ending) => {
      news.tell('ended', { ending });
      return leave(ending === 'content-ended' ? 'content-ended' : 'appliance-left');
    });
  };
  const ask = async (): Promise<Answer<ContentPlay> | undefined> => {
    try {
      const answer = await requestContent(portal, wish, onlooker, around, asking.signal);
      if (answer.kind === 'granted') opened(answer.value);
      else fail(answer.refusal);
      return answer;
    } catch (error) {
      if (asking.signal.aborted) return undefined;
      log.error({ showId, error: error instanceof Error ? error.message : String(error) }, 'the request failed');
      fail({ code: 'part-unreachable', message: 'this device could not make the request' });
      return undefined;
    }
  };
  const playing = ask();

  const close = async (reason: 'appliance-left' | 'content-ended') => {
    asking.abort(new Error('left'));
    for (const cancel of repeating) cancel();
    const answer = await playing;
    if (answer?.kind === 'granted') {
      const view = await answer.value.leave(reason);
      news.tell('counters', { streams: answer.value.statistics() });
      if (view.kind === 'refused') fail(view.refusal);
      else news.tell('left', { state: view.value.state, sent: view.value.media?.streams ?? [] });
      log.info({ showId, sessionId: answer.value.answer.sessionId, reason }, 'left');
    }
    await picture?.close();
  };
  const leave = (reason: 'appliance-left' | 'content-ended'): Promise<void> => {
    leaving ??= close(reason);
    return leaving;
  };
  every(nobodyMs, () => {
    if (news.readers === 0) void leave('appliance-left');
  });

  return {
    showId,
    news,
    takeMedia: () => picture?.take(),
    get file() {
      return keeper?.whole;
    },
    leave: () => leave('appliance-left'),
  };
}
