import { type Refusal, refuse } from '@sluice/model';
import { type HandedPlay, type HandingPorts, handPlay } from './handed-play.ts';

/** Most plays of one origin, and of all, that go on at once. */
const mostOfOne = 1;
const mostOfAll = 4;
/** Plays that are over, and are still told of. */
const mostPast = 16;

/** What pages had played on this device. Disposing ends all of it. */
export class HandedPlays implements AsyncDisposable {
  readonly #ports: HandingPorts;
  readonly #on = new Map<string, HandedPlay>();
  readonly #past = new Map<string, HandedPlay>();

  constructor(ports: HandingPorts) {
    this.#ports = ports;
  }

  /** Has a content played for a page of `origin`. */
  begin(origin: string, contentId: string): HandedPlay | Refusal {
    const on = [...this.#on.values()];
    if (on.length >= mostOfAll || on.filter((play) => play.origin === origin).length >= mostOfOne)
      return refuse('quota-exceeded', 'something is played for a page already; end that first');
    const play = handPlay(this.#ports, origin, contentId);
    this.#on.set(play.playId, play);
    void play.over.then(() => {
      this.#on.delete(play.playId);
      this.#past.set(play.playId, play);
      const [oldest] = this.#past.keys();
      if (this.#past.size > mostPast && oldest !== undefined) this.#past.delete(oldest);
    });
    return play;
  }

  /** A play that a page of this origin asked for; another's is not there. */
  find(origin: string, playId: string): HandedPlay | undefined {
    const play = this.#on.get(playId) ?? this.#past.get(playId);
    return play?.origin === origin ? play : undefined;
  }

  /** Ends what is played for pages of an origin. */
  async endOf(origin: string): Promise<void> {
    await Promise.all([...this.#on.values()].filter((play) => play.origin === origin).map((play) => play.leave()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#on.values()].map((play) => play.leave()));
  }
}
