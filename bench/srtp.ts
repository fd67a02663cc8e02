import { createSocket } from 'node:dgram';
import { rtpHeaderLength, writeRtpIdentity } from '@sluice/wire/rtp';
import { masterLength, SrtpReceiver, SrtpSender, srtpSuites } from '@sluice/wire/srtp';
import { type Benchmark, describeSpread, spreadOf } from './figures.ts';

/** Octets of a packet: what the media server's are at most. */
const packetOctets = 1_200;
const inRound = 2_000;
const rounds = 30;
/** Rounds at the beginning that do not count: code is compiled in them. */
const warming = 5;
/** Most that protecting a packet may cost, in terms of sending it. */
const mostOfSending = 1.5;
/** Packets that may be on their way to the kernel at once. */
const sendsAtOnce = 16;

/** What protection costs a packet at both ends, beside sending it. */
export const srtpBenchmark: Benchmark = {
  name: 'srtp',
  about: `a packet of ${packetOctets} octets protected for one viewer, and opened, beside sending it in the clear`,
  async run(say, signal) {
    const payload = new Uint8Array(packetOctets - rtpHeaderLength).fill(0xa5);
    await using sending = await sendingRound(payload);
    const bare: number[] = [];
    const protecting = new Map(srtpSuites.map((suite) => [suite, [] as number[]]));
    const opening = new Map(srtpSuites.map((suite) => [suite, [] as number[]]));
    // In turns, so that what else the machine does falls on all of them.
    for (let round = 0; round < rounds; round++) {
      signal.throwIfAborted();
      const sent = await sending.round();
      if (round >= warming) bare.push(sent);
      for (const suite of srtpSuites) {
        const { protect, open } = protectionRound(suite, payload);
        if (round < warming) continue;
        protecting.get(suite)?.push(protect);
        opening.get(suite)?.push(open);
      }
    }
    const send = spreadOf(bare);
    say({ name: 'sending it in the clear, processor time', figure: describeSpread(send, 'us') });
    for (const suite of srtpSuites) {
      const protect = spreadOf(protecting.get(suite) ?? []);
      const ratio = protect.p50 / send.p50;
      const figure = `${describeSpread(protect, 'us')}, ${ratio.toFixed(2)} of sending it`;
      // The other suite is for players that have no better one.
      const holds = suite === srtpSuites[0] ? { holds: ratio <= mostOfSending } : {};
      say({ name: `${suite}, protecting it`, figure, ...holds });
      say({ name: `${suite}, opening it`, figure: describeSpread(spreadOf(opening.get(suite) ?? []), 'us') });
    }
  },
};

/** Microseconds a packet, to protect and to open. */
function protectionRound(suite: (typeof srtpSuites)[number], payload: Uint8Array): { protect: number; open: number } {
  const master = new Uint8Array(masterLength(suite)).fill(1);
  const sender = new SrtpSender(suite, master);
  const receiver = new SrtpReceiver(suite, master);
  const headers = Array.from({ length: inRound }, (_, sequence) => {
    const header = Uint8Array.of(0x80, 96, ...new Uint8Array(10));
    writeRtpIdentity(header, sequence, sequence, 7);
    return header;
  });
  // What was sent is forgotten, as a server does.
  const protect = cost(() => {
    for (const header of headers) sender.protectRtp(header, payload);
  });
  const again = new SrtpSender(suite, master);
  const datagrams = headers.map((header) => Buffer.concat([header, ...again.protectRtp(header, payload)]));
  const open = cost(() => {
    for (const datagram of datagrams)
      if (typeof receiver.unprotectRtp(datagram) === 'string') throw new Error('a packet did not open');
  });
  return { protect, open };
}

function cost(act: () => void): number {
  const began = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / inRound;
}

/** Sends as the media server does, in parts, to a socket that nobody reads. */
async function sendingRound(payload: Uint8Array): Promise<{ round(): Promise<number> } & AsyncDisposable> {
  const options = { type: 'udp4', lookup: (host, _, found) => found(null, host, 4) } as const satisfies Parameters<
    typeof createSocket
  >[0];
  const [from, to] = [createSocket(options), createSocket(options)];
  for (const socket of [from, to]) {
    await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound));
  }
  const { port } = to.address();
  const header = new Uint8Array(rtpHeaderLength);
  const some = () =>
    new Promise<void>((resolve) => {
      let left = sendsAtOnce;
      for (let i = 0; i < sendsAtOnce; i++)
        from.send([header, payload], port, '127.0.0.1', () => {
          if (--left === 0) resolve();
        });
    });
  return {
    async round() {
      const began = process.cpuUsage();
      for (let sent = 0; sent < inRound; sent += sendsAtOnce) await some();
      const { user, system } = process.cpuUsage(began);
      return (user + system) / inRound;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of [from, to]) await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
}
