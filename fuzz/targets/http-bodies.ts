import {
  applianceRegistration,
  closeQuery,
  contentRequestBody,
  enrolmentRequest,
  enrolmentTokenRequest,
  gatewayRegistration,
  openingQuery,
  operatorAccount,
  portalRegistration,
  registrationQuery,
  renewalRequest,
  revocationQuery,
  revocationRequest,
  sessionQuery,
  sessionRequest,
  signInRequest,
  startRequest,
} from '@sluice/api';
import { refuseInput as refuseAtConfigurationServer } from '../../apps/configuration-server/http/input.ts';
import { refuseInput as refuseAtPortal } from '../../apps/portal/malformed.ts';
import { jsonRepeat, jsonTree } from '../mutate/json.ts';
import { tokens } from '../mutate/pieces.ts';
import { bytesOf, promise, refused, type Target, taken } from '../target.ts';

const requests = {
  contentRequestBody,
  sessionRequest,
  startRequest,
  gatewayRegistration,
  applianceRegistration,
  sessionQuery,
  registrationQuery,
  openingQuery,
  closeQuery,
  enrolmentRequest,
  enrolmentTokenRequest,
  renewalRequest,
  revocationRequest,
  revocationQuery,
  portalRegistration,
  operatorAccount,
  signInRequest,
};

const stream = {
  id: 'video',
  streamType: 'rtp',
  remote: { address: '203.0.113.10', port: 7000 },
  payloadType: 96,
  localPort: 5000,
};

/** Characters that a refusal's words, which go into answers and logs, may have. */
const longestRefusal = 1024;

/** Bodies and queries that others send us: JSON through the schemas of packages/api, and the refusal of what does not fit. */
export const httpBodies: Target = {
  name: 'http-bodies',
  mostBytes: 64 << 10,
  seeds: bytesOf(
    ...[
      {
        requestId: 'r-1',
        contentId: 'film',
        localAddresses: ['192.168.1.2'],
        localPorts: { video: 5000, 'video-rtcp': 5001 },
        firstSpeaker: { video: 'appliance' },
      },
      {
        requestId: 'r-1',
        applianceId: 'self::tv-1',
        contentId: 'film',
        flow: {
          portal: { address: '203.0.113.20', port: 8443 },
          observed: { address: '203.0.113.1', port: 40_001 },
        },
        localAddresses: [],
        streams: [stream, { ...stream, id: 'video-rtcp', streamType: 'rtcp', pairedWith: 'video', localPort: 5001 }],
      },
      {
        sessionId: 's-1',
        contentId: 'film',
        streams: [{ id: 'video', to: { address: '203.0.113.1', port: 16_384 } }],
        firstSpeaker: { video: 'server' },
      },
      { type: 'sluice', communication: { dial: 'wss://gateway.example/usp' } },
      { gatewayId: 'self::gateway-1' },
      { state: ['open', 'closing'], gatewayId: 'self::gateway-1', after: 's-1', limit: '20' },
      { globalAddress: '203.0.113.1', globalPort: '16384', limit: 5 },
      { reason: 'content-ended' },
      { endpointId: 'self::gateway-1', role: 'gateway', names: ['gateway.example'], validSeconds: 60 },
      { endpointId: 'self::gateway-1', secret: 'c2VjcmV0', certificateRequest: '-----BEGIN CERTIFICATE REQUEST-----' },
      { endpointId: 'self::tv-1', serialNumber: '4A15', after: '7' },
      { remotes: ['203.0.113.10', '2001:db8:1::/64'] },
      { name: 'alice', role: 'auditor', password: 'correct horse battery' },
    ].map((body) => JSON.stringify(body)),
  ),
  words: [
    ...['"__proto__":', '"constructor":', '"port":', '"localPorts":', '"streams":', 'null', '[]', '{}', '1e309', '-0'],
    ...['"::ffff:1.2.3.4"', '"\\ud800"', '"\\u0000"', ',', ':', '{"a":', '['],
  ],
  mutators: [jsonTree, jsonRepeat, tokens],
  feed(input) {
    let body: unknown;
    try {
      body = JSON.parse(Buffer.from(input).toString('utf8'));
    } catch {
      return refused('no JSON');
    }
    const fits: string[] = [];
    for (const [name, schema] of Object.entries(requests)) {
      const read = schema.safeParse(body);
      if (read.success) {
        fits.push(name);
        const text = JSON.stringify(read.data);
        const again = schema.safeParse(JSON.parse(text));
        promise(again.success && JSON.stringify(again.data) === text, 'what fits a schema fits it again, unchanged');
        continue;
      }
      for (const refusal of [refuseAtPortal(read.error), refuseAtConfigurationServer(read.error, body)]) {
        promise(refusal.message.length <= longestRefusal, 'a refusal is bounded, whatever was sent');
        promise((refusal.subject ?? '').length <= longestRefusal, 'the subject of a refusal is bounded');
      }
    }
    return fits.length > 0 ? taken(fits.join(' ')) : refused('fits nothing');
  },
};
