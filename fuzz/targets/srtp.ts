import { buildRtcp, buildRtp } from '@sluice/wire/rtp';
import { masterLength, SrtpReceiver, SrtpSender, srtpSuites } from '@sluice/wire/srtp';
import { promise, refused, type Target, taken } from '../target.ts';

const kinds = srtpSuites.map((suite) => {
  const master = new Uint8Array(masterLength(suite)).fill(7);
  const sender = new SrtpSender(suite, master);
  const fields = { payloadType: 96, marker: false, timestamp: 1, ssrc: 5, padding: 0 };
  const packet = (sequence: number, csrcs: readonly number[]) => {
    const bytes = buildRtp({ ...fields, sequence, csrcs, payload: new Uint8Array(40) });
    const headerLength = 12 + csrcs.length * 4;
    const header = bytes.subarray(0, headerLength);
    return Uint8Array.from(Buffer.concat([header, ...sender.protectRtp(header, bytes.subarray(headerLength))]));
  };
  const rtp = [packet(1, []), packet(2, [1, 2])];
  const rtcp = [sender.protectRtcp(buildRtcp([{ type: 'goodbye', ssrcs: [5] }]))];
  return { suite, master, rtp, rtcp };
});

/** SRTP and SRTCP datagrams at a port of either end: `SrtpReceiver`. */
export const srtp: Target = {
  name: 'srtp',
  mostBytes: 2048,
  seeds: kinds.flatMap(({ rtp, rtcp }) => [...rtp, ...rtcp]),
  words: [],
  mutators: [],
  feed(input) {
    const outcomes: string[] = [];
    for (const { suite, master, rtp, rtcp } of kinds) {
      const receiver = new SrtpReceiver(suite, master);
      const [opened, compound] = [receiver.unprotectRtp(input), receiver.unprotectRtcp(input)];
      const isMade = (by: readonly Uint8Array[]) => by.some((made) => Buffer.compare(made, input) === 0);
      promise(typeof opened === 'string' || isMade(rtp), 'no RTP is taken but what was made with the key');
      promise(typeof compound === 'string' || isMade(rtcp), 'no RTCP is taken but what was made with the key');
      if (typeof opened !== 'string')
        promise(receiver.unprotectRtp(input) === 'replayed', 'what was taken is not taken again');
      outcomes.push(...[opened, compound].map((outcome) => (typeof outcome === 'string' ? outcome : 'taken')));
    }
    const kind = outcomes.join(' ');
    return outcomes.includes('taken') ? taken(kind) : refused(kind);
  },
};
