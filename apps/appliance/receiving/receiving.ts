import type { Content, ContentAnswer } from '@sluice/api';
import { type Cancel, type Clock, type ContentStream, plainTransportOf } from '@sluice/model';
import { type RtpHeader, rtpHeaderLength } from '@sluice/wire/rtp';
import type { LocalPorts } from '../io/local-ports.ts';
import { keyedBy, type Lock } from './media-keys.ts';
import { ProtectedReceiver } from './protected-receiver.ts';
import { everyReport, newParticipant, openingRtp, receiverReport } from './reports.ts';
import { type DatagramReceiver, PlainReceiver, RtcpReceiver, RtpReceiver } from './rtp-receiver.ts';
import type { StreamCounts } from './statistics.ts';
import { TcpReceiver } from './tcp-receiver.ts';

/** Who gets what comes in, as it comes. Bytes may be kept. */
export interface Audience {
  /** A packet of an RTP stream, in order of arrival. */
  rtp?(streamId: string, bytes: Uint8Array, header: RtpHeader): void;
  /** The server's RTCP about the RTP stream of that id. */
  rtcp?(streamId: string, bytes: Uint8Array): void;
  tcp?(streamId: string, bytes: Uint8Array): void;
  tcpEnd?(streamId: string): void;
  /** The first that arrived on a stream, `atMs` of the stopwatch. */
  first?(streamId: string, atMs: number): void;
}

/** Time and chance, given so that tests can hold them still. */
export interface Surroundings {
  readonly clock: Clock;
  /** Milliseconds from any beginning; never jumps. */
  stopwatch(): number;
  /** 0..1 */
  random(): number;
}

/** Why a play is over though nobody left. */
export type Ending = 'content-ended' | 'silent';

/** All streams of one content, being received. */
export interface Receiving extends Disposable {
  counts(): ReadonlyMap<string, StreamCounts>;
  /**
   * The openings hold: what came until now is opened with the locks, by RTP stream; speaks first where that was agreed,
   * and begins to report what is received.
   */
  begin(
    streams: ContentAnswer['streams'],
    locks: ReadonlyMap<string, Lock>,
    firstSpeaker: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): void;
  /** Resolves when the server has ended all streams, or nothing came for {@link silenceMs}. */
  readonly ended: Promise<Ending>;
  /** Tells the server, over RTCP, that this receiver leaves. */
  goodbye(): void;
}

/** Silence of all streams after which a play is over, ms. */
export const silenceMs = 15_000;
/** The goodbye comes over a port of its own, and may overtake the last packets. */
const settleMs = 200;

/** Receives on ports that are open already; `clockRates` in Hz by RTP stream. */
export function receiveStreams(
  content: Content,
  ports: LocalPorts,
  clockRates: ReadonlyMap<string, number>,
  firstSpeaker: Readonly<Record<string, string>>,
  audience: Audience,
  around: Surroundings,
): Receiving {
  const { clock, stopwatch, random } = around;
  const rtp = new Map<string, RtpReceiver>();
  const datagrams = new Map<string, ProtectedReceiver>();
  const tcp = new Map<string, TcpReceiver>();
  const cancels: Cancel[] = [];
  const { promise: ended, resolve: end } = Promise.withResolvers<Ending>();
  const heard = new Set<string>();
  let lastHeardMs = stopwatch();
  let isSettling = false;

  const hear = (id: string, atMs = stopwatch()) => {
    lastHeardMs = Math.max(lastHeardMs, atMs);
    if (heard.has(id)) return;
    heard.add(id);
    audience.first?.(id, atMs);
  };
  const endIfOver = () => {
    const all = rtp.size > 0 ? [...rtp.values()] : [...tcp.values()];
    if (isSettling || all.length === 0 || !all.every((receiver) => receiver.ended)) return;
    isSettling = true;
    cancels.push(clock.after(settleMs, () => end('content-ended')));
  };
  const control = (id: string) => (bytes: Uint8Array) => {
    audience.rtcp?.(id, bytes);
    endIfOver();
  };
  const watchSilence = (waitMs: number) => {
    cancels.push(
      clock.after(waitMs, () => {
        const quietMs = stopwatch() - lastHeardMs;
        if (quietMs >= silenceMs) end('silent');
        else watchSilence(silenceMs - quietMs);
      }),
    );
  };
  const takerOf = (id: string, receiver: TcpReceiver) => ({
    stray: () => receiver.stray(),
    bytes(chunk: Uint8Array) {
      receiver.bytes(chunk);
      hear(id);
      audience.tcp?.(id, chunk);
    },
    end() {
      receiver.end();
      audience.tcpEnd?.(id);
      endIfOver();
    },
  });

  for (const stream of content.streams.toSorted(pairedLast)) {
    const { id } = stream;
    if (plainTransportOf(stream.streamType) === 'tcp') {
      const receiver = new TcpReceiver();
      tcp.set(id, receiver);
      if (firstSpeaker[id] !== 'appliance') ports.tcp.get(id)?.accept(stream.remote, takerOf(id, receiver));
      continue;
    }
    const receiver = new ProtectedReceiver(makeReceiver(stream), stream.remote, (atMs) => hear(id, atMs));
    datagrams.set(id, receiver);
    ports.udp.get(id)?.receive((bytes, from) => receiver.take(bytes, from, stopwatch()));
  }

  function makeReceiver(stream: Content['streams'][number]): DatagramReceiver {
    const { id, streamType, pairedWith } = stream;
    if (streamType === 'rtp' || streamType === 'rtp-mux') {
      const packet = (bytes: Uint8Array, header: RtpHeader) => audience.rtp?.(id, bytes, header);
      const receiver = new RtpReceiver(shapeOf(stream), clockRates.get(id) ?? 90_000, packet, control(id));
      rtp.set(id, receiver);
      return receiver;
    }
    if (streamType === 'rtcp') return new RtcpReceiver(stream, rtp.get(pairedWith ?? ''), control(pairedWith ?? id));
    return new PlainReceiver(stream);
  }

  const participants = new Map([...datagrams.keys()].map((id) => [id, newParticipant(random)]));
  const report = (stream: ContentAnswer['streams'][number], goodbye = false) => {
    const participant = participants.get(stream.id);
    const tally = rtp.get(stream.pairedWith ?? stream.id)?.tally;
    if (!participant) return;
    const compound = receiverReport(participant, tally, stopwatch(), goodbye);
    const lock = locks.get(keyedBy(stream));
    ports.udp.get(stream.id)?.send(lock?.sender.protectRtcp(compound) ?? compound, stream.remote);
  };
  let reporting: ContentAnswer['streams'] = [];
  let locks: ReadonlyMap<string, Lock> = new Map();

  return {
    ended,
    counts: () => new Map([...datagrams, ...tcp].map(([id, receiver]) => [id, receiver.counts()])),
    begin(streams, given, speakers, signal) {
      locks = given;
      lastHeardMs = stopwatch();
      for (const stream of streams) {
        const carries = stream.streamType === 'rtcp' ? 'rtcp' : stream.streamType === 'rtp-mux' ? 'both' : 'rtp';
        datagrams.get(stream.id)?.settle(locks.get(keyedBy(stream))?.receiver, carries);
      }
      watchSilence(silenceMs);
      reporting = streams.filter(({ streamType }) => streamType === 'rtcp' || streamType === 'rtp-mux');
      for (const stream of reporting) cancels.push(everyReport(clock, random, () => report(stream)));
      for (const stream of streams) {
        if (speakers[stream.id] !== 'appliance') continue;
        const participant = participants.get(stream.id);
        const port = ports.udp.get(stream.id);
        const receiver = tcp.get(stream.id);
        if (receiver) {
          const taker = takerOf(stream.id, receiver);
          ports.tcp
            .get(stream.id)
            ?.connect(stream.remote, taker, signal)
            .catch(() => taker.end());
        } else if (stream.streamType === 'rtcp') report(stream);
        else if (stream.streamType === 'udp') port?.send(Uint8Array.of(0), stream.remote);
        else if (participant) {
          const packet = openingRtp(participant, stream.payloadType ?? 96, random);
          const [header, payload] = [packet.subarray(0, rtpHeaderLength), packet.subarray(rtpHeaderLength)];
          const sealed = locks.get(keyedBy(stream))?.sender.protectRtp(header, payload) ?? [payload];
          port?.send(Buffer.concat([header, ...sealed]), stream.remote);
        }
      }
    },
    goodbye() {
      for (const stream of reporting) report(stream, true);
    },
    [Symbol.dispose]() {
      for (const cancel of cancels) cancel();
    },
  };
}

/** RTCP after its RTP, which it speaks about. */
function pairedLast(a: Content['streams'][number], b: Content['streams'][number]): number {
  return Number(a.pairedWith !== undefined) - Number(b.pairedWith !== undefined);
}

function shapeOf({
  remote,
  streamType,
  payloadType,
}: Content['streams'][number]): Pick<ContentStream, 'remote' | 'streamType' | 'payloadType'> {
  return payloadType === undefined ? { remote, streamType } : { remote, streamType, payloadType };
}
