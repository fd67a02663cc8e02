import { linkAnswer, linkQuestion, mostLinkOctets, NoEvents, readEvents } from '@sluice/api';
import type { Driver } from '@sluice/driver';
import { VirtualClock } from '@sluice/io';
import { Answering } from '../../apps/appliance/gateway/answering.ts';
import { OwnPlayers } from '../../apps/appliance/gateway/own-players.ts';
import { OwnRequests } from '../../apps/appliance/gateway/own-requests.ts';
import { ProbeWatch } from '../../apps/appliance/gateway/probe-watch.ts';
import type { DeviceSocket } from '../../apps/appliance/io/socket-table.ts';
import { SimulatedGateway, simulatedDriver, strongTraits } from '../../packages/control/test/simulated-gateway.ts';
import { jsonRepeat, jsonTree } from '../mutate/json.ts';
import { tokens } from '../mutate/pieces.ts';
import { bytesOf, promise, refused, type Target, taken } from '../target.ts';

const device = '192.168.1.2';
const server = { address: '203.0.113.10', port: 7000 };
const asked = [5000, 5001].map((port) => ({ transport: 'udp', port, remote: server }) as const);
const portal = { address: '203.0.113.20', port: 8554 };
const anywhere = { address: '0.0.0.0', port: 0 };
/** A player of this device plays there, at a port that nothing else asked for. */
const player = { ...asked[0], port: 5002 };
const sockets: DeviceSocket[] = [
  { transport: 'tcp', local: { address: device, port: 45_678 }, remote: portal, state: 'established', uid: 1000 },
  { transport: 'udp', local: { ...anywhere, port: player.port }, remote: anywhere, state: 'bound', uid: 1000 },
];
const gateway = { gatewayId: 'box', type: 'pcp', communication: { address: '192.168.1.1' } };
const about = { id: 1, now: 1_893_456_000_000, withinMs: 3_000, gateway };
const opening = {
  id: 's1-0',
  streamType: 'rtp',
  payloadType: 96,
  remote: server,
  local: { address: device, port: 5000 },
  globalPort: 20_000,
  until: 1_893_456_010_000,
  mayLack: ['remotePort'],
};
const granted = { ...opening, global: { address: '203.0.113.1', port: 20_000 }, lacks: ['remotePort'] };

/**
 * What comes down to an appliance over its portal, either of which may have been taken over: `readEvents`, the schema of
 * questions, and an appliance that does what they say.
 */
export const applianceLink: Target = {
  name: 'appliance-link',
  mostBytes: 64 << 10,
  seeds: bytesOf(
    ...[
      { ...about, ask: 'addresses' },
      { ...about, ask: 'observe', believed: [granted] },
      {
        ...about,
        ask: 'apply',
        open: [opening, { ...opening, id: 's1-1', local: { address: device, port: 5001 } }],
        renew: [],
        close: [],
      },
      {
        ...about,
        ask: 'player',
        flow: { portal, observed: { address: '203.0.113.1', port: 45_678 } },
        streams: [player],
      },
      { ...about, ask: 'apply', open: [], renew: [{ opening: granted, until: opening.until }], close: [granted] },
    ].map((question) => `data: ${JSON.stringify(question)}\n\n`),
  ),
  nearSeeds: bytesOf(`data: ${JSON.stringify({ ...about, ask: 'apply', open: [opening] })}\n\n`, ':\n\n'),
  words: [
    'data: ',
    '\n\n',
    '"ask":"apply"',
    '"open":[',
    '"local":',
    '"port":22',
    '"192.168.1.3"',
    '"remote":{}',
    'null',
  ],
  mutators: [jsonTree, jsonRepeat, tokens],
  async feed(input) {
    const clock = new VirtualClock();
    const home = new SimulatedGateway(clock, { ...strongTraits, atomic: false, ackMeansHeld: false }, 'box');
    const requests = new OwnRequests(() => new Set([device]));
    requests.ask(asked);
    const drivers: Driver[] = [{ ...(simulatedDriver([home]) as Driver), type: 'pcp' }];
    const players = new OwnPlayers({
      sockets: () => sockets,
      ownAddresses: () => new Set([device]),
      portalAddresses: async () => new Set([portal.address]),
    });
    requests.ask(() => players.streams());
    const answering = new Answering({ drivers, requests, watch: new ProbeWatch(clock), clock, players });
    const senders = [server];
    const kinds: string[] = [];
    async function* bytes() {
      yield input;
    }
    try {
      for await (const event of readEvents(bytes(), mostLinkOctets)) {
        const question = linkQuestion.safeParse(event);
        // What is heard of probes waits for a clock that stands still here.
        if (!question.success || question.data.ask === 'probed') continue;
        const answer = await answering.answer(question.data, new AbortController().signal);
        const read = linkAnswer.safeParse(JSON.parse(JSON.stringify(answer)));
        promise(read.success, `an answer fits its schema: ${read.error?.message}`);
        const { kind } = answer.answer;
        if (question.data.ask === 'player' && kind === 'player')
          senders.push(...question.data.streams.map(({ remote }) => remote));
        kinds.push(kind === 'outcome' ? answer.answer.outcome.kind : kind);
      }
    } catch (error) {
      if (!(error instanceof NoEvents)) throw error;
      return refused('no events');
    }
    for (const { local, remote } of home.applied.flatMap(({ open }) => open)) {
      promise(local.address === device, 'an opening leads to this device');
      promise(
        [...asked, player].some(({ port }) => port === local.port),
        'an opening leads to a port that was asked for',
      );
      promise(
        senders.some(({ address, port }) => remote.address === address && remote.port === port),
        'an opening lets in who was asked for',
      );
    }
    return kinds.length === 0 ? refused() : taken(kinds.slice(0, 4).join(' '));
  },
};
