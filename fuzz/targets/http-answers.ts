import {
  applianceList,
  certificateView,
  contentAnswer,
  contentList,
  gatewayList,
  introductionAnswer,
  openingList,
  readAnswer,
  requestView,
  revocationList,
  sessionList,
  sessionView,
  startAnswer,
  startView,
  statusView,
} from '@sluice/api';
import { refusalCodes } from '@sluice/model';
import { jsonRepeat, jsonTree } from '../mutate/json.ts';
import { tokens } from '../mutate/pieces.ts';
import { bytesOf, promise, refused, type Target, taken } from '../target.ts';

/** Each with a word that its answers have; others it refuses at once. */
const views = {
  contentAnswer: { schema: contentAnswer, word: '"steps"' },
  contentList: { schema: contentList, word: '"contents"' },
  requestView: { schema: requestView, word: '"contentId"' },
  sessionView: { schema: sessionView, word: '"timeline"' },
  sessionList: { schema: sessionList, word: '"sessions"' },
  startView: { schema: startView, word: '"streams"' },
  startAnswer: { schema: startAnswer, word: '"keys"' },
  gatewayList: { schema: gatewayList, word: '"gateways"' },
  applianceList: { schema: applianceList, word: '"appliances"' },
  openingList: { schema: openingList, word: '"openings"' },
  statusView: { schema: statusView, word: '"since"' },
  certificateView: { schema: certificateView, word: '"certificate"' },
  introductionAnswer: { schema: introductionAnswer, word: '"thumbprint"' },
  revocationList: { schema: revocationList, word: '"revocations"' },
};

const here = { address: '203.0.113.1', port: 16_384 };
const stream = { id: 'video', streamType: 'rtp', remote: here, global: here, local: here, payloadType: 96 };
const session = {
  sessionId: 's-1',
  requestId: 'r-1',
  applianceId: 'self::tv-1',
  contentId: 'film',
  portalId: 'self::portal-1',
  gatewayId: 'self::gateway-1',
  state: 'open',
  openings: [{ ...stream, streamId: 'video', packets: 1, bytes: 2 }],
  createdAt: 1,
  until: 2,
  endsAt: 3,
  timeline: [{ at: 1, step: 'asked', detail: 'x' }],
};
const media = {
  sessionId: 's-1',
  state: 'sending',
  streams: [{ id: 'video', packetsSent: 1, bytesSent: 2, packetsReceived: 0 }],
};

const key = Buffer.alloc(28, 7).toString('base64');
const keys = { video: { suite: 'AEAD_AES_128_GCM', server: key, appliance: key } };
const protection = { video: { protection: 'srtp' }, text: { protection: 'clear', clearBecause: 'TCP' } };

/** Answers of other parts, which may have been taken over: `readAnswer` with every schema of an answer. */
export const httpAnswers: Target = {
  name: 'http-answers',
  mostBytes: 64 << 10,
  seeds: bytesOf(
    ...[
      { sessionId: 's-1', contentId: 'film', until: 9, streams: [stream], sdp: 'v=0', steps: [{ step: 'a', ms: 1 }] },
      {
        contents: [
          {
            contentId: 'film',
            title: 'Film',
            kind: 'film',
            description: 'One',
            durationSeconds: 8,
            sdp: 'v=0',
            streams: [{ id: 'video', streamType: 'rtp', remote: here, payloadType: 96 }],
          },
          {
            contentId: 'file',
            title: 'File',
            kind: 'download',
            description: '',
            file: { name: 'a', bytes: 1, sha256: '00' },
            streams: [{ id: 'file', streamType: 'tcp', remote: here }],
          },
        ],
      },
      { sessionId: 's-1', contentId: 'film', state: 'open', until: 9, media },
      { sessionId: 's-1', contentId: 'film', until: 9, streams: [{ ...stream, protection: 'srtp' }], keys, steps: [] },
      { ...media, keys, protection },
      session,
      { sessions: [session, { ...session, state: 'closed', closeReason: 'revoked' }] },
      media,
      {
        gateways: [
          {
            gatewayId: 'g',
            type: 'sluice',
            communication: {},
            online: true,
            global: ['203.0.113.1'],
            openings: 1,
            lastSeen: 2,
          },
        ],
      },
      { appliances: [{ applianceId: 'a', gatewayId: 'g' }] },
      { endpointId: 'self::tv-1', role: 'appliance', certificate: '-----BEGIN CERTIFICATE-----' },
      { applianceId: 'self::tv-1', thumbprint: 'x' },
      { revocations: [{ sequence: 1, at: 2, endpointId: 'self::tv-1', serialNumber: '4a' }] },
      {
        openings: [{ openingId: 'o', sessionId: 's', gatewayId: 'g', streamType: 'rtp', global: here, local: here }],
      },
      { gateways: { registered: 1, online: 1 }, sessions: { opening: 0, open: 1, closing: 0 }, openings: 2, since: 3 },
    ].map((body) => JSON.stringify(body)),
  ),
  nearSeeds: bytesOf(JSON.stringify({ code: 'port-invalid', message: 'no', subject: 'video' })),
  words: [
    '"__proto__":',
    '"code":',
    '"message":',
    '"streams":[',
    'null',
    '[]',
    '{}',
    '1e309',
    '"\\ud800"',
    ...refusalCodes,
  ],
  mutators: [jsonTree, jsonRepeat, tokens],
  feed(input) {
    const fits: string[] = [];
    const text = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
    for (const [name, { schema, word }] of Object.entries(views)) {
      if (!text.includes(word)) continue;
      const answer = readAnswer<unknown>('media server', schema, 200, input);
      if (answer.kind === 'granted') fits.push(name);
      else promise(answer.refusal.code === 'part-unreachable', 'a success that cannot be read is no success');
    }
    const no = readAnswer('media server', startView, 409, input);
    promise(no.kind === 'refused', 'a problem is never granted');
    promise(refusalCodes.includes(no.refusal.code), 'a refusal has a code that we know');
    return fits.length > 0 ? taken(fits.join(' ')) : refused(no.refusal.code);
  },
};
