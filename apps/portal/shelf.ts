import type { Answer, Content } from '@sluice/api';
import { type Clock, type Family, type Instant, type Refusal, refuse } from '@sluice/model';
import { type FixedPorts, withFixedPorts } from './fixed-ports.ts';
import type { MediaServer } from './parts.ts';

/** A content and the media server that sends it. */
export interface ShelvedContent {
  readonly content: Content;
  readonly server: MediaServer;
}

/** What all media servers have. */
export interface Shelf {
  /** In the servers' order; of contents with the same id the first stands. Refused only when no server answers. */
  all(family: Family): Promise<Answer<readonly ShelvedContent[]>>;
  /** One content; waits for the servers only when it is not known yet. */
  find(contentId: string, family: Family): Promise<Answer<ShelvedContent>>;
  /** What is remembered may be wrong: the next look asks the servers. */
  doubt(): void;
}

interface Row {
  readonly at: Instant;
  readonly contents: readonly ShelvedContent[];
}

/**
 * Remembers what the servers have for `freshMs`. A known content is found without waiting, and what is no longer fresh
 * is asked for meanwhile, so a request costs no exchange more than its own. `fixed` are added to what they have.
 */
export function contentShelf(
  servers: readonly MediaServer[],
  clock: Clock,
  freshMs: number,
  lifetime: AbortSignal,
  fixed: FixedPorts = {},
): Shelf {
  const rows = new Map<Family, Row>();
  const loading = new Map<Family, Promise<Answer<Row>>>();
  const load = (family: Family): Promise<Answer<Row>> => {
    const running = loading.get(family);
    if (running) return running;
    const started = gather(servers, family, clock, lifetime, fixed)
      .then((answer) => {
        if (answer.kind === 'granted') rows.set(family, answer.value);
        return answer;
      })
      .finally(() => loading.delete(family));
    loading.set(family, started);
    return started;
  };
  const isFresh = (row: Row) => clock.now() - row.at < freshMs;
  const among = (row: Row | undefined, contentId: string) =>
    row?.contents.find(({ content }) => content.contentId === contentId);
  return {
    async all(family) {
      const known = rows.get(family);
      if (known && isFresh(known)) return { kind: 'granted', value: known.contents };
      const answer = await load(family);
      return answer.kind === 'refused' ? answer : { kind: 'granted', value: answer.value.contents };
    },
    async find(contentId, family) {
      const row = rows.get(family);
      const known = among(row, contentId);
      if (row && known) {
        if (!isFresh(row)) load(family).catch(() => {});
        return { kind: 'granted', value: known };
      }
      const answer = await load(family);
      if (answer.kind === 'refused') return answer;
      const found = among(answer.value, contentId);
      if (found) return { kind: 'granted', value: found };
      const message = `there is no content ${contentId} over IPv${family}; choose one of those that the portal shows`;
      return { kind: 'refused', refusal: refuse('content-unknown', message, contentId) };
    },
    doubt: () => rows.clear(),
  };
}

async function gather(
  servers: readonly MediaServer[],
  family: Family,
  clock: Clock,
  signal: AbortSignal,
  fixed: FixedPorts,
): Promise<Answer<Row>> {
  const answers = await Promise.all(servers.map((server) => server.contents(family, signal)));
  const contents = new Map<string, ShelvedContent>();
  const refusals: Refusal[] = [];
  for (const [index, server] of servers.entries()) {
    const answer = answers[index];
    if (answer?.kind === 'refused') refusals.push(answer.refusal);
    for (const content of answer?.kind === 'granted' ? answer.value : [])
      if (!contents.has(content.contentId))
        contents.set(content.contentId, { content: withFixedPorts(content, fixed), server });
  }
  const refusal = refusals[0];
  if (refusal && refusals.length === servers.length) return { kind: 'refused', refusal };
  return { kind: 'granted', value: { at: clock.now(), contents: [...contents.values()] } };
}
