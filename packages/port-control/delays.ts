/** Waits for an answer, ms, one after each sending; when they are over, nobody waits any more. */
export type Delays = Iterable<number>;

/** RFC 6887 8.1.1: IRT 3 s, MRT 1024 s, no end; `random` is uniform in [0, 1). */
export function* pcpDelays(random: () => number): Generator<number, void, undefined> {
  const spread = () => 0.9 + 0.2 * random();
  let delay = spread() * 3_000;
  for (;;) {
    yield delay;
    delay = spread() * Math.min(2 * delay, 1_024_000);
  }
}

/** RFC 6886 3.1: nine sendings, the first wait 250 ms, each twice the one before. */
export const natPmpDelays: readonly number[] = Array.from({ length: 9 }, (_, sent) => 250 * 2 ** sent);
