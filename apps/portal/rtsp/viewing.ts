import type { Answer, SessionRequest, SessionView } from '@sluice/api';
import { type Refusal, type RequestFlow, refuse } from '@sluice/model';
import type { LiveSessions } from '../live-sessions.ts';
import type { ShelvedContent } from '../shelf.ts';
import { destinationsOf } from '../starting.ts';
import { closeSurely, type Deciding, open } from '../verdict.ts';
import type { Track } from './tracks.ts';

/** Who watches: a device that speaks RTSP and signs nothing, known by where it comes from. */
export interface Viewer {
  readonly applianceId: string;
  readonly flow: RequestFlow;
}

interface OpenTrack {
  readonly track: Track;
  readonly session: SessionView;
}

/**
 * One RTSP session of a viewer: each track that is set up has a content session of its own, whose openings hold before
 * the player is answered; nothing is sent before all that were set up are played.
 */
export class Viewing {
  readonly id: string;
  readonly content: ShelvedContent;
  readonly #parts: Deciding;
  readonly #live: LiveSessions;
  readonly #viewer: Viewer;
  readonly #tracks = new Map<string, OpenTrack>();
  /** Called when a session ended that the viewer did not end: revoked, or its lease ran out. */
  readonly #lost: () => void;
  #playing = false;
  #over = false;

  constructor(
    id: string,
    content: ShelvedContent,
    viewer: Viewer,
    parts: Deciding,
    live: LiveSessions,
    lost: () => void,
  ) {
    this.id = id;
    this.content = content;
    this.#viewer = viewer;
    this.#parts = parts;
    this.#live = live;
    this.#lost = lost;
  }

  /** Opens the home for a track at the player's two ports. */
  async setUp(track: Track, ports: readonly [rtp: number, rtcp: number]): Promise<Answer<undefined>> {
    if (this.#playing || this.#tracks.has(track.name))
      return no(refuse('request-conflict', `${track.name} is set up already`));
    const { applianceId, flow } = this.#viewer;
    const request: SessionRequest = {
      requestId: `${this.id}-${this.#tracks.size}`,
      applianceId,
      contentId: this.content.content.contentId,
      flow,
      localAddresses: [],
      receiver: 'program',
      streams: [
        { ...track.rtp, localPort: ports[0] },
        { ...track.rtcp, localPort: ports[1] },
      ],
    };
    const answer = await open(this.#parts, request);
    if (answer.kind === 'refused') return answer;
    const session = answer.value;
    if (this.#over) {
      await closeSurely(this.#parts, session.sessionId, 'appliance-left');
      return no(refuse('request-conflict', 'the player went away'));
    }
    this.#tracks.set(track.name, { track, session });
    const { sessionId, contentId, until } = session;
    const { server } = this.content;
    this.#live.add({ sessionId, applianceId, contentId, server }, until, () => {
      if (!this.#over) this.#lost();
    });
    return { kind: 'granted', value: undefined };
  }

  /** Starts every track that was set up; where one does not start, all of it ends. */
  async play(): Promise<Answer<undefined>> {
    if (this.#tracks.size === 0) return no(refuse('malformed', 'nothing was set up'));
    if (this.#playing) return { kind: 'granted', value: undefined };
    this.#playing = true;
    const starts = await Promise.all(
      [...this.#tracks.values()].map(({ session }) =>
        this.content.server.start(
          {
            sessionId: session.sessionId,
            contentId: this.content.content.contentId,
            streams: destinationsOf(session),
            firstSpeaker: {},
          },
          this.#parts.lifetime,
        ),
      ),
    );
    const refused = starts.find((answer) => answer.kind === 'refused');
    if (!refused) return { kind: 'granted', value: undefined };
    this.#parts.shelf.doubt();
    await this.end('media-not-started');
    return refused;
  }

  /** Closes the home, then stops the media server. Harmless when it is over. */
  async end(reason: 'appliance-left' | 'media-not-started' = 'appliance-left'): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    await Promise.all(
      [...this.#tracks.values()].map(async ({ session: { sessionId } }) => {
        await closeSurely(this.#parts, sessionId, reason);
        this.#live.forget(sessionId);
        await this.content.server.stop(sessionId, this.#parts.lifetime);
      }),
    );
  }
}

function no(refusal: Refusal): Answer<never> {
  return { kind: 'refused', refusal };
}
