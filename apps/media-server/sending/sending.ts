import type { StartView } from '@sluice/api';
import type { Log } from '@sluice/io';
import type { Cancel, Clock, Endpoint } from '@sluice/model';
import type { ReadyContent, ReadyFile, ReadyStream } from '../contents/content.ts';
import type { RtpTrack } from '../contents/track.ts';
import { FileStream } from './file-stream.ts';
import type { Paced, Pacer } from './pacer.ts';
import type { ByteConnection, ConnectionPort, DatagramPort } from './ports.ts';
import type { Shield } from './protection.ts';
import { RtcpStream } from './rtcp-stream.ts';
import { RtpStream } from './rtp-stream.ts';
import { TextStream } from './text-stream.ts';
import { Timeline } from './timeline.ts';

/** One stream of a content, with where it goes to and the port it comes from. */
export interface Placed {
  readonly stream: ReadyStream;
  readonly to: Endpoint;
  /** One of the two, as the stream's transport has it. */
  readonly datagrams?: DatagramPort | undefined;
  readonly connections?: ConnectionPort | undefined;
  /** The viewer speaks first: nothing is sent before it did, or had the time to. */
  readonly armed: boolean;
  /** Left out, the stream goes in the clear. */
  readonly shield?: Shield | undefined;
}

/** What sending needs from outside. */
export interface SendingNeeds {
  readonly pacer: Pacer;
  /** Monotonic, the pacer's. */
  readonly clock: Clock;
  /** Tells the time of day. */
  readonly wall: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly readFile: (file: ReadyFile, signal: AbortSignal) => AsyncIterable<Uint8Array>;
  readonly log: Log;
  readonly limits: {
    readonly firstSpeakerMs: number;
    readonly connectMs: number;
    readonly longestSeconds: number;
  };
}

/** A stream could not be begun. */
export class StreamNotBegun extends Error {
  override readonly name = 'StreamNotBegun';
  readonly streamId: string;
  constructor(streamId: string, reason: unknown) {
    super(reason instanceof Error ? reason.message : String(reason));
    this.streamId = streamId;
  }
}

type Counts = Omit<StartView['streams'][number], 'id'>;

/** After its last octet a viewer has so long to take what is still in the connection. */
const lastOctetsMs = 30_000;
const nothing: Counts = { packetsSent: 0, bytesSent: 0, packetsReceived: 0 };

/** One content on its way to one viewer. */
export class Sending {
  readonly #content: ReadyContent;
  readonly #needs: SendingNeeds;
  readonly #timeline = new Timeline();
  readonly #endMs: number;
  readonly #counts = new Map<string, () => Counts>();
  readonly #rtp = new Map<string, RtpStream>();
  readonly #rtcp: RtcpStream[] = [];
  readonly #cname: string;
  readonly #undo: Cancel[] = [];
  readonly #done: Promise<unknown>[] = [];
  readonly #ending = new AbortController();
  /** Armed streams wait no longer. */
  readonly #patienceOver = new AbortController();
  readonly #finished = Promise.withResolvers<void>();
  #state: StartView['state'] = 'sending';

  constructor(content: ReadyContent, needs: SendingNeeds) {
    const { longestSeconds } = needs.limits;
    this.#content = content;
    this.#needs = needs;
    this.#endMs = Math.min(content.durationSeconds ?? longestSeconds, longestSeconds) * 1000;
    this.#cname = `${word(needs.random)}${word(needs.random)}${word(needs.random)}`;
  }

  get state(): StartView['state'] {
    return this.#state;
  }

  /** Resolves when it ended or was stopped. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** What was sent so far, by stream. */
  streams(): StartView['streams'] {
    return [...this.#counts].map(([id, counts]) => ({ id, ...counts() }));
  }

  /**
   * Begins. Resolves when every stream is sending or armed. Throws {@link StreamNotBegun} when one cannot be begun;
   * then none is.
   */
  async begin(placed: readonly Placed[]): Promise<void> {
    for (const { stream } of placed) this.#counts.set(stream.id, () => nothing);
    // Media before their reports, whatever the order in the request.
    const inOrder = [...placed].sort((a, b) => rank(a) - rank(b));
    try {
      // Connections first: what makes the others begin should not have to be taken back.
      const open = await Promise.all(
        inOrder.map((place) => place.connections && this.#connect(place, place.connections)),
      );
      this.#ending.signal.throwIfAborted();
      for (const write of open) write?.();
      const spoken = new Map(inOrder.map((place) => [place.stream.id, Promise.withResolvers<void>()]));
      for (const place of inOrder) if (!place.armed) spoken.get(place.stream.id)?.resolve();
      for (const place of inOrder) if (place.datagrams) this.#beginDatagrams(place, place.datagrams, spoken);
      const unarmed = placed.filter(({ armed }) => !armed);
      await Promise.all(
        unarmed.map(({ stream: { id } }) =>
          this.#rtp.get(id)?.firstSent.catch((error) => {
            throw new StreamNotBegun(id, error);
          }),
        ),
      );
    } catch (error) {
      await this.stop();
      throw error;
    }
    if (this.#state !== 'sending') return;
    const { clock, limits } = this.#needs;
    this.#undo.push(clock.after(limits.firstSpeakerMs, () => this.#patienceOver.abort(new Error('nobody connected'))));
    this.#undo.push(clock.after(limits.longestSeconds * 1000, () => void this.stop()));
    void Promise.all(this.#done).then(() => this.#finish('ended'));
  }

  /** Stops all streams, says goodbye. Harmless when it ended already. */
  async stop(): Promise<void> {
    if (this.#state !== 'sending') return;
    this.#finish('stopped');
    for (const rtp of this.#rtp.values()) rtp.stop();
    await Promise.all(this.#rtcp.map((rtcp) => rtcp.stop()));
  }

  #finish(state: 'ended' | 'stopped'): void {
    if (this.#state !== 'sending') return;
    this.#state = state;
    this.#ending.abort(new Error('the start was stopped'));
    for (const undo of this.#undo) undo();
    const heard = [...this.#rtp].map(([id, { report, failed }]) => ({ id, failed, ...report }));
    this.#needs.log.info({ state, streams: this.streams(), reports: heard }, 'sending is over');
    this.#finished.resolve();
  }

  #beginDatagrams(place: Placed, port: DatagramPort, spoken: ReadonlyMap<string, PromiseWithResolvers<void>>): void {
    const { stream, to, shield } = place;
    const { pacer, wall, random } = this.#needs;
    const srtp = shield?.sender;
    const word = spoken.get(stream.id);
    let received = 0;
    let unauthentic = 0;
    let open = (datagram: Uint8Array): Uint8Array | string => datagram;
    let take = (_: Uint8Array): void => {};
    let paced: Paced;
    let ready = word?.promise;
    let sent: { readonly packetsSent: number; readonly bytesSent: number };
    if (stream.streamType === 'rtp') {
      const rtp = this.#rtpStream(stream.id, stream.track, port, to, srtp);
      if (shield) open = (datagram) => shield.receiver.unprotectRtp(datagram);
      this.#done.push(rtp.done);
      paced = sent = rtp;
    } else if (stream.streamType === 'rtcp') {
      const rtp = this.#rtp.get(stream.pairedWith);
      if (!rtp) throw new StreamNotBegun(stream.id, `${stream.id} is sent beside ${stream.pairedWith} only`);
      const rtcp = new RtcpStream({ rtp, port, to, srtp, cname: this.#cname, pacer, wall, random });
      if (shield) open = (datagram) => shield.receiver.unprotectRtcp(datagram);
      this.#rtcp.push(rtcp);
      take = (datagram) => rtcp.take(datagram);
      // A report says when the medium is at which timestamp: there is nothing to say before it began.
      ready = Promise.all([ready, spoken.get(stream.pairedWith)?.promise]).then(() => {});
      paced = sent = rtcp;
    } else throw new StreamNotBegun(stream.id, 'not sent in datagrams');
    this.#counts.set(stream.id, () => ({
      packetsSent: sent.packetsSent,
      bytesSent: sent.bytesSent,
      packetsReceived: received,
      ...(shield && { packetsUnauthentic: unauthentic }),
    }));
    this.#undo.push(
      port.hear(to, (datagram) => {
        const opened = open(datagram);
        // Who only says to be the viewer begins nothing.
        if (typeof opened === 'string') {
          unauthentic++;
          return;
        }
        received++;
        word?.resolve();
        take(opened);
      }),
    );
    this.#patienceOver.signal.addEventListener('abort', () => word?.resolve(), { once: true });
    void ready?.then(() => this.#pace(paced));
  }

  #rtpStream(id: string, track: RtpTrack, port: DatagramPort, to: Endpoint, srtp: Shield['sender'] | undefined) {
    const { random } = this.#needs;
    const identity = {
      ssrc: Math.floor(random() * 2 ** 32),
      sequence: Math.floor(random() * 2 ** 15),
      timestamp: Math.floor(random() * 2 ** 32),
    };
    const { loopMs } = this.#content;
    const timeline = this.#timeline;
    const rtp = new RtpStream({ track, loopMs, endMs: this.#endMs, port, to, identity, timeline, srtp });
    this.#rtp.set(id, rtp);
    return rtp;
  }

  /** What it gives begins the stream; an armed one begins by itself. */
  async #connect({ stream, to, armed }: Placed, port: ConnectionPort): Promise<(() => void) | undefined> {
    const { clock, limits, log } = this.#needs;
    const late = new AbortController();
    const cancel = clock.after(limits.connectMs, () => late.abort(new Error(`no answer in ${limits.connectMs} ms`)));
    const inTime = AbortSignal.any([this.#ending.signal, late.signal]);
    try {
      if (!armed) {
        const connection = await port.dial(to, inTime);
        this.#undo.push(() => connection.destroy());
        return () => this.#done.push(this.#write(stream, connection));
      }
      const patience = AbortSignal.any([this.#ending.signal, this.#patienceOver.signal]);
      const { connection } = await port.expect(to, patience);
      const written = connection.then((open) => this.#write(stream, open));
      this.#done.push(
        written.catch((error: Error) => log.info({ stream: stream.id, reason: error.message }, 'a stream is given up')),
      );
      return undefined;
    } catch (error) {
      throw new StreamNotBegun(stream.id, error);
    } finally {
      cancel();
    }
  }

  async #write(stream: ReadyStream, connection: ByteConnection): Promise<void> {
    const { clock, readFile } = this.#needs;
    this.#undo.push(() => connection.destroy());
    if (stream.streamType !== 'tcp' || this.#ending.signal.aborted) return connection.destroy();
    let cancel: Cancel = () => {};
    const over = () => {
      cancel = clock.after(lastOctetsMs, () => connection.destroy());
    };
    let pieces: { readonly packetsSent: number };
    if ('text' in stream) {
      const text = new TextStream(stream.text, connection, this.#timeline, this.#endMs, over);
      pieces = text;
      this.#pace(text);
    } else {
      const file = new FileStream(connection, over);
      pieces = file;
      void file.send(readFile(stream.file, this.#ending.signal));
    }
    this.#counts.set(stream.id, () => ({
      packetsSent: pieces.packetsSent,
      bytesSent: connection.bytesSent,
      packetsReceived: connection.piecesReceived,
    }));
    await connection.closed;
    cancel();
  }

  #pace(paced: Paced): void {
    if (this.#ending.signal.aborted) return;
    this.#timeline.begin(this.#needs.pacer.nowMs());
    this.#undo.push(this.#needs.pacer.add(paced));
  }
}

function rank({ stream }: Placed): number {
  return stream.streamType === 'rtcp' ? 1 : 0;
}

function word(random: () => number): string {
  return Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}
