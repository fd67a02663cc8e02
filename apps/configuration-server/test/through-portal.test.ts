import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Content, type ProbeRequest, type SessionView, sessionView } from '@sluice/api';
import type { Driver } from '@sluice/driver';
import { clientTls, serverTls, writeIdentity } from '@sluice/identity';
import { httpsPeer, serveHttps, silentLog, systemClock } from '@sluice/io';
import { type Endpoint, promiseNames, type Traits } from '@sluice/model';
import { writeProbe } from '@sluice/wire/probe';
import Fastify from 'fastify';
import { SimulatedGateway, simulatedDriver, strongTraits } from '../../../packages/control/test/simulated-gateway.ts';
import { HomeGateway } from '../../appliance/gateway/home-gateway.ts';
import { portalConfig, runPortal } from '../../portal/index.ts';
import { deploy } from './deployment.ts';

const server = '203.0.113.10';
const device = '192.168.1.2';
/** Of the gateway: on this machine, so that what is sent from elsewhere goes nowhere else. */
const outside = '127.0.0.1';
const content: Content = {
  contentId: 'film',
  title: 'Film',
  kind: 'film',
  description: '',
  streams: [
    { id: 'video', streamType: 'rtp', remote: { address: server, port: 7000 }, payloadType: 96 },
    { id: 'audio', streamType: 'rtp', remote: { address: server, port: 7002 }, payloadType: 97 },
  ],
};
const streams = content.streams.map((stream, index) => ({ ...stream, localPort: 5000 + index }));
/** As what answers inside homes: one at a time, no filter by port, no stream types. */
const traits: Traits = {
  ...strongTraits,
  sourcePort: false,
  streamTypes: false,
  atomic: false,
  ackMeansHeld: false,
  portGroups: false,
  findsDevice: false,
};

/** Every part but the packets, over real connections: configuration server, portal, media server, appliance, its gateway. */
async function wholeHome(enforces: (from: Endpoint) => boolean, overrides: Record<string, unknown> = {}) {
  await using started = new AsyncDisposableStack();
  const deployment = started.use(await deploy(overrides));
  const gateway = new SimulatedGateway(systemClock, traits, 'box');
  gateway.addresses = { ...gateway.addresses, global: [outside] };
  let home: HomeGateway | undefined;
  /** A packet at the gateway's outside, as the gateway passes it on. */
  const arrives = (globalPort: number, bytes: Uint8Array, from: Endpoint) => {
    const opening = gateway.held.find((held) => held.globalPort === globalPort);
    if (opening && enforces(from)) home?.watch.take(opening.local.port, bytes, from);
  };

  const media = Fastify();
  media.get('/v1/contents', () => ({ contents: [content] }));
  media.post('/v1/probes', (request) => {
    const { trial, streams: asked } = request.body as ProbeRequest;
    for (const { id, to } of asked) {
      const { remote, ...stream } =
        content.streams.find((each) => each.id === id) ?? content.streams[0] ?? assert.fail();
      const probe = writeProbe(stream, Buffer.from(trial, 'hex'));
      for (const port of [remote.port, 40_000]) arrives(to.port, probe, { address: remote.address, port });
    }
    return { streams: asked.map(({ id }) => ({ id, fromStream: 'sent', fromOtherPort: 'sent' })) };
  });
  await media.ready();
  started.defer(() => media.close());
  const tls = serverTls(await deployment.issue('self::media-1', 'media-server'));
  const mediaPort = started.use(await serveHttps(media.routing, { hosts: ['127.0.0.1'], port: 0, tls })).port;

  const directory = join(deployment.directory, 'portal');
  await writeIdentity(directory, await deployment.issue('self::portal-1', 'portal'));
  const config = portalConfig.parse({
    identity: directory,
    listen: { hosts: ['127.0.0.1'], port: 0 },
    configurationServer: `https://127.0.0.1:${deployment.server.apiPort}`,
    mediaServers: [`https://127.0.0.1:${mediaPort}`],
  });
  const portal = started.use(await runPortal(config, silentLog, new AbortController().signal));

  const tv = await deployment.issue('self::tv-a', 'appliance');
  const origin = `https://127.0.0.1:${portal.port}`;
  const peer = started.use(httpsPeer({ origin, tls: clientTls(tv), accepts: () => true }));
  const inHome: Driver = { ...(simulatedDriver([gateway]) as Driver), type: 'pcp' };
  home = started.use(
    new HomeGateway({
      part: { name: 'portal', peer, clock: systemClock },
      drivers: () => ({ drivers: [inHome], listen: async () => new AsyncDisposableStack(), [Symbol.dispose]() {} }),
      clock: systemClock,
      ownAddresses: () => new Set([device]),
      look: async () => ({ hasIpv6: false, missing: {} }),
    }),
  );
  await deployment.ask('operator', 'PUT', '/v1/gateways/box', { type: 'pcp', communication: {} });
  await deployment.ask('operator', 'PUT', '/v1/appliances/self::tv-a', { gatewayId: 'box' });
  let requests = 0;
  const all = started.move();
  return {
    gateway,
    deployment,
    home,
    /** What the appliance asks for, until it is disposed of. */
    asking: (remote: string = server) =>
      home?.asking(
        streams.map(({ localPort, remote: { port } }) => ({
          transport: 'udp',
          port: localPort,
          remote: { address: remote, port },
        })),
        Promise.resolve(false),
      ) ?? assert.fail(),
    /** The request as the portal makes it, having seen it come from the gateway's outside. */
    async request(): Promise<{
      status: number;
      code?: string | undefined;
      message?: string | undefined;
      session?: SessionView;
    }> {
      const { status, body } = await deployment.ask('portal', 'POST', '/v1/sessions', {
        requestId: `r-${++requests}`,
        applianceId: 'self::tv-a',
        contentId: 'film',
        flow: { portal: { address: '203.0.113.20', port: 8443 }, observed: { address: outside, port: 40_000 } },
        localAddresses: [device],
        streams,
      });
      return status === 201
        ? { status, session: sessionView.parse(body) }
        : { status, code: body.code, message: body.message };
    },
    /** Hears at the outside of what is open, as the gateway's kernel would. */
    async listenOutside(port: number): Promise<AsyncDisposable> {
      const socket = createSocket('udp4').bind(port, outside);
      await once(socket, 'listening');
      socket.on('message', (bytes, from) => arrives(port, bytes, { address: from.address, port: from.port }));
      return { [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())) };
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

const fromServerAlone = (from: Endpoint) => from.address === server;

test('a request opens the gateway through the appliance, is checked by packets, and its end closes it', async () => {
  await using whole = await wholeHome(fromServerAlone);
  using _asked = whole.asking();
  const { session, message } = await whole.request();
  assert.equal(session?.state, 'open', message);
  assert.deepEqual(
    whole.gateway.held.map(({ local }) => local),
    [
      { address: device, port: 5000 },
      { address: device, port: 5001 },
    ],
  );
  assert.equal(session?.held?.remoteAddress, true);
  assert.equal(session?.held?.remotePort, false);
  assert.deepEqual(session?.probes, { fromServer: 'seen', fromOtherPort: 'seen', fromElsewhere: 'not-seen' });
  assert.ok((session?.heldNotes?.length ?? 0) > 0);
  const closed = await whole.deployment.ask('portal', 'DELETE', `/v1/sessions/${session?.sessionId}`);
  assert.equal(closed.body.state, 'closed');
  assert.deepEqual(whole.gateway.held, []);
});

test('a filter that is said and not enforced is found out: refused, or named where the policy allows it', async () => {
  for (const [weaker, code] of [
    [undefined, 'cannot-hold'],
    [promiseNames.filter((name) => name !== 'lease'), undefined],
  ] as const) {
    await using whole = await wholeHome(() => true, {
      globalPorts: [23_000, 23_001],
      portAgreement: 'propose',
      ...(weaker && { weaker }),
    });
    await using _one = await whole.listenOutside(23_000);
    await using _two = await whole.listenOutside(23_001);
    using _asked = whole.asking();
    const reply = await whole.request();
    assert.equal(reply.code, code, reply.message);
    if (code !== undefined) assert.match(reply.message ?? '', /\(remoteAddress\)/);
    assert.equal(whole.gateway.held.length, code === undefined ? 2 : 0);
    if (code === undefined) assert.equal(reply.session?.probes?.fromElsewhere, 'seen');
    if (code === undefined) assert.equal(reply.session?.held?.remoteAddress, false);
  }
});

test('a gateway that says yes and lets nothing in is found out', async () => {
  await using whole = await wholeHome(() => false);
  using _asked = whole.asking();
  assert.equal((await whole.request()).code, 'probe-lost');
  assert.deepEqual(whole.gateway.held, []);
});

test('the appliance opens nothing that it did not ask for', async () => {
  await using whole = await wholeHome(fromServerAlone);
  using _asked = whole.asking('203.0.113.99');
  assert.equal((await whole.request()).code, 'not-asked-for');
  assert.deepEqual(whole.gateway.applied, []);
});

test('without its appliance a gateway is offline; one that connects meanwhile is in time', async () => {
  await using whole = await wholeHome(fromServerAlone);
  assert.equal((await whole.request()).code, 'gateway-offline');
  const request = whole.request();
  using _asked = whole.asking();
  assert.equal((await request).session?.state, 'open');
});

test('when the appliance vanishes its session ends with its lease, and what it left ends too', async () => {
  const leases = { provisionalSeconds: 1, fullSeconds: 2 };
  await using whole = await wholeHome(fromServerAlone, { leases });
  const asked = whole.asking();
  const { session } = await whole.request();
  asked[Symbol.dispose]();
  for (let state = ''; state !== 'closed'; ) {
    const { body } = await whole.deployment.ask('operator', 'GET', `/v1/sessions/${session?.sessionId}`);
    state = String(body.state);
    if (state === 'closed') assert.equal(body.closeReason, 'gateway-lost');
    else await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.deepEqual(whole.gateway.held, []);
});

test('an appliance that connects again has its openings put back', async () => {
  await using whole = await wholeHome(fromServerAlone);
  const first = whole.asking();
  const { session } = await whole.request();
  assert.equal(session?.state, 'open');
  first[Symbol.dispose]();
  for (let online = true; online; ) {
    const { body } = await whole.deployment.ask('operator', 'GET', '/v1/gateways/box');
    online = body.online === true;
  }
  whole.gateway.reboot();
  using _again = whole.asking();
  while (whole.gateway.held.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  const { body } = await whole.deployment.ask('operator', 'GET', `/v1/sessions/${session?.sessionId}`);
  assert.equal(body.state, 'open');
});
