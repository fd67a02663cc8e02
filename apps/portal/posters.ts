import type { Answer } from '@sluice/api';
import type { Clock, Instant } from '@sluice/model';
import type { Poster } from './parts.ts';
import type { ShelvedContent } from './shelf.ts';

/** Posters as they were last fetched. */
export interface Posters {
  of(content: ShelvedContent, signal: AbortSignal): Promise<Answer<Poster>>;
}

const freshMs = 600_000;
const mostPosters = 128;

/** Remembers posters for ten minutes: anyone may look at a portal's page, and media servers have better things to do. */
export function rememberedPosters(clock: Clock): Posters {
  const known = new Map<string, { readonly poster: Poster; readonly at: Instant }>();
  return {
    async of({ content: { contentId }, server }, signal) {
      const found = known.get(contentId);
      if (found && clock.now() - found.at < freshMs) return { kind: 'granted', value: found.poster };
      const answer = await server.poster(contentId, signal);
      if (answer.kind === 'granted') {
        known.delete(contentId);
        known.set(contentId, { poster: answer.value, at: clock.now() });
        const [oldest] = known.keys();
        if (known.size > mostPosters && oldest !== undefined) known.delete(oldest);
      }
      return answer;
    },
  };
}
