import type { Answer, ProbeRequest, ProbeResults } from '@sluice/api';
import { type Trial, tryConnecting, trySending } from '@sluice/io';
import { type Clock, type Endpoint, familyOf, isUnicastHost, refuse } from '@sluice/model';
import { writeProbe } from '@sluice/wire/probe';
import type { ServedContent, ServedStream } from '../catalogue.ts';
import type { ConnectionPort, DatagramPort } from './ports.ts';

/** Longest wait for a connection, ms. */
const connectMs = 400;
/** Wait for a connection that should not be let in, after the one that should has been, ms. */
const strayMs = 100;
/** A datagram may be lost: it goes out again after so many ms. */
const againMs = [0, 60, 180] as const;

type Attempt = ProbeResults['streams'][number]['fromStream'];

/** Tries the openings of a content's streams, all at once: from each stream's own port, and from another of ours. */
export async function sendProbes(
  contents: readonly ServedContent[],
  { contentId, trial, streams }: ProbeRequest,
  clock: Clock,
): Promise<Answer<ProbeResults>> {
  const served = contents.find(({ content }) => content.contentId === contentId);
  if (!served) {
    const refusal = refuse('content-unknown', `there is no content ${contentId}; GET /v1/contents lists them`);
    return { kind: 'refused', refusal };
  }
  const number = Buffer.from(trial, 'hex');
  const tried = await Promise.all(
    streams.map(async ({ id, to }) => {
      const stream = served.streams.find((each) => each.stream.id === id);
      const [fromStream, fromOtherPort] = stream ? await tryStream(stream, to, number, clock) : failed;
      return { id, fromStream, fromOtherPort };
    }),
  );
  return { kind: 'granted', value: { streams: tried } };
}

const failed: readonly [Attempt, Attempt] = ['failed', 'failed'];

async function tryStream(
  { stream, datagrams, connections }: ServedStream,
  to: Endpoint,
  trial: Uint8Array,
  clock: Clock,
): Promise<readonly [Attempt, Attempt]> {
  const family = familyOf(to.address);
  const port = datagrams?.[family] ?? connections?.[family];
  // A server on loopback, as in tests, sends to loopback; no other does.
  if (!port || (!isUnicastHost(to.address) && isUnicastHost(port.local.address))) return failed;
  const over = new AbortController();
  const cancels = [clock.after(connectMs, () => over.abort(new Error('no answer in time')))];
  try {
    const payloadType = stream.streamType === 'rtp' ? stream.track.payloadType : undefined;
    const probe = writeProbe({ streamType: stream.streamType, payloadType }, trial);
    const { address } = port.local;
    const own = datagrams?.[family]
      ? fromDatagrams(datagrams[family], to, probe, clock)
      : fromConnections(connections?.[family], to, over.signal);
    const another = datagrams
      ? trySending(to, probe, clock, over.signal, address)
      : tryConnecting(to, over.signal, address);
    const fromStream = await own;
    // Its own has arrived, or never will: another's has had as long, and a little more.
    cancels.push(clock.after(strayMs, () => over.abort(new Error('not let in'))));
    return [fromStream, await another.then(({ outcome }: Trial) => outcome)];
  } finally {
    for (const cancel of cancels) cancel();
  }
}

/** A gateway that lets packets in by the source alone sees that of the stream. */
function fromDatagrams(port: DatagramPort, to: Endpoint, probe: Uint8Array, clock: Clock): Promise<Attempt> {
  return new Promise((resolve) => {
    let left = againMs.length;
    let outcome: Attempt = 'failed';
    for (const ms of againMs) {
      clock.after(ms, () =>
        port.send([probe], to, (error) => {
          if (!error) outcome = 'sent';
          if (--left === 0) resolve(outcome);
        }),
      );
    }
  });
}

async function fromConnections(port: ConnectionPort | undefined, to: Endpoint, signal: AbortSignal): Promise<Attempt> {
  if (!port) return 'failed';
  try {
    const connection = await port.dial(to, signal);
    connection.destroy();
    await connection.closed;
    return 'connected';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return signal.aborted || code === 'ECONNREFUSED' || code === 'ECONNRESET' ? 'silent' : 'failed';
  }
}
