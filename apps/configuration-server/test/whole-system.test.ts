import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientTls, type Identity, peerIdentity } from '@sluice/identity';
import { silentLog, systemClock } from '@sluice/io';
import { dialWebSocket, type UspConnection } from '@sluice/mtp';
import { connectRecord, encodeMsg, encodeRecord, messageRecord, requestMsg, type UspRecord } from '@sluice/wire/usp';
import { type Deployment, deploy, filmRequest, type Reply } from './deployment.ts';
import { eventually, type HomeGateway, homeGateway } from './home-gateway.ts';

interface Session {
  sessionId: string;
  state: string;
  closeReason?: string;
  openings: {
    id: string;
    streamId: string;
    global: { address: string; port: number };
    local: { address: string; port: number };
    packets?: number;
  }[];
  timeline: { at: number; step: string }[];
}

interface System {
  readonly deployment: Deployment;
  readonly home: HomeGateway;
  /** Asks for the film as the portal; the device's ports begin at `localPort`. */
  ask(overrides?: Record<string, unknown>, localPort?: number): Promise<Reply>;
  /** The same, where it is to be granted. */
  opened(overrides?: Record<string, unknown>, localPort?: number): Promise<Session>;
  look(sessionId: string): Promise<Session>;
  leave(sessionId: string): Promise<Session>;
}

/** Runs a test with a configuration server and a home whose gateway is connected. */
function system(
  title: string,
  run: (system: System) => Promise<void>,
  config: Record<string, unknown> = {},
  gateway: Parameters<typeof homeGateway>[1] = {},
): void {
  test(title, async () => {
    await using deployment = await deploy(config);
    await using home = await homeGateway(deployment, gateway);
    await home.connect();
    let requests = 0;
    const ask: System['ask'] = (overrides, localPort) =>
      deployment.ask('portal', 'POST', '/v1/sessions', {
        ...filmRequest({ requestId: `w-${++requests}` }, localPort),
        ...overrides,
      });
    const session = async (method: 'GET' | 'DELETE', path: string) => {
      const { status, body } = await deployment.ask('portal', method, `/v1/sessions/${path}`);
      assert.equal(status, 200, JSON.stringify(body));
      return body as unknown as Session;
    };
    await run({
      deployment,
      home,
      ask,
      async opened(overrides, localPort) {
        const { status, body } = await ask(overrides, localPort);
        assert.equal(status, 201, JSON.stringify(body));
        return body as unknown as Session;
      },
      look: (sessionId) => session('GET', sessionId),
      leave: (sessionId) => session('DELETE', `${sessionId}?reason=appliance-left`),
    });
  });
}

const refusalOf = ({ status, body }: Reply) => [status, body.code, body.subject];

system(
  'one request opens five streams at the gateway, and closing takes them back',
  async ({ deployment, home, opened, look, leave }) => {
    const session = await opened();
    assert.equal(session.state, 'open');
    assert.deepEqual(
      session.openings.map(({ streamId, local, global }) => [streamId, local.address, local.port, global.address]),
      ['video', 'video-rtcp', 'audio', 'audio-rtcp', 'subtitles'].map((streamId, index) => [
        streamId,
        '192.168.1.2',
        5_000 + index,
        '203.0.113.1',
      ]),
    );
    const [video, videoRtcp] = session.openings;
    assert.equal((video?.global.port ?? 1) % 2, 0);
    assert.equal(videoRtcp?.global.port, (video?.global.port ?? 0) + 1);
    assert.deepEqual(home.held().sort(), session.openings.map(({ id }) => id).sort());

    const held = home.gateway.dataPlane.read().find(({ global }) => global.port === video?.global.port);
    assert.deepEqual(
      [held?.remote, held?.streamType, held?.payloadType],
      [{ address: '203.0.113.10', port: 7_000 }, 'rtp', 96],
    );
    if (held) home.gateway.dataPlane.pass(held, 7, 700);
    assert.equal((await look(session.sessionId)).openings[0]?.packets, 7);
    const found = await deployment.ask('operator', 'GET', `/v1/openings?globalPort=${video?.global.port}`);
    assert.equal((found.body.openings as { sessionId: string }[])[0]?.sessionId, session.sessionId);

    const closed = await leave(session.sessionId);
    assert.deepEqual([closed.state, closed.closeReason], ['closed', 'appliance-left']);
    assert.equal(closed.openings[0]?.packets, 7);
    assert.deepEqual(home.held(), []);
    assert.equal((await leave(session.sessionId)).state, 'closed');
  },
);

system(
  'the lease is provisional until the verdict is stored, then full, and the timeline tells when',
  async ({ home, opened, look }) => {
    const session = await opened();
    const remaining = () => Math.min(...home.gateway.dataPlane.read().map(({ remainingMs }) => remainingMs));
    await eventually(() => remaining() > 50_000);
    const { timeline } = await look(session.sessionId);
    assert.deepEqual(
      timeline.map(({ step }) => step),
      ['asked', 'asking-gateway', 'opened', 'stored', 'answered', 'renewed'],
    );
  },
);

system(
  'the same request again is the same session, also at once; another body under its id is refused',
  async ({ home, ask, opened }) => {
    const again = { requestId: 'same' };
    const both = await Promise.all([opened(again), opened(again)]);
    const third = await opened(again);
    assert.equal(new Set([...both, third].map(({ sessionId }) => sessionId)).size, 1);
    assert.equal(home.held().length, 5);
    assert.deepEqual(refusalOf(await ask({ ...again, contentId: 'other' })).slice(0, 2), [409, 'request-conflict']);
  },
);

system('a home opens to its own devices alone', async ({ home, ask }) => {
  const cases: [Record<string, unknown>, number, string][] = [
    [{ localAddresses: ['192.168.2.2'] }, 422, 'local-address-outside-home'],
    [{ localAddresses: ['203.0.113.66'] }, 422, 'local-address-outside-home'],
    [{ localAddresses: ['192.168.1.1'] }, 422, 'target-is-gateway'],
    [{ localAddresses: ['203.0.113.1'] }, 422, 'target-is-gateway'],
    [{ localAddresses: ['224.0.0.251'] }, 400, 'address-not-unicast'],
    [{ localAddresses: ['127.0.0.1'] }, 400, 'address-not-unicast'],
    [{ localAddresses: [] }, 422, 'device-not-found'],
    [
      { flow: { portal: { address: '203.0.113.20', port: 8443 }, observed: { address: '198.51.100.9', port: 1 } } },
      422,
      'path-mismatch',
    ],
  ];
  for (const [overrides, status, code] of cases)
    assert.deepEqual(refusalOf(await ask(overrides)).slice(0, 2), [status, code], JSON.stringify(overrides));
  assert.deepEqual(home.held(), []);
});

system("the gateway's own policy is the last word, and names the stream", async ({ home, ask }) => {
  const streams = (filmRequest().streams as { localPort: number }[]).map((stream, index) =>
    index === 2 ? { ...stream, localPort: 3389 } : stream,
  );
  assert.deepEqual(refusalOf(await ask({ streams })), [422, 'port-denied', 'audio']);
  assert.deepEqual(home.held(), []);
});

system('the device is found by the flow its request left in', async ({ home, ask, opened }) => {
  const observed = { address: '203.0.113.1', port: 41_000 };
  const portal = { address: '203.0.113.20', port: 8443 };
  home.gateway.dataPlane.flows.push({
    observed,
    flow: { transport: 'tcp', original: { from: { address: '192.168.1.7', port: 50_000 }, to: portal } },
  });
  const session = await opened({ localAddresses: [], flow: { portal, observed } });
  assert.deepEqual(new Set(session.openings.map(({ local }) => local.address)), new Set(['192.168.1.7']));
  // A device may not open for another.
  const forAnother = await ask({ localAddresses: ['192.168.1.2'], flow: { portal, observed } });
  assert.deepEqual(refusalOf(forAnother).slice(0, 2), [422, 'path-mismatch']);
});

system('a session is its portal’s and its operators’ alone', async ({ deployment, home, opened }) => {
  const session = await opened();
  const rival = deployment.peer(await deployment.issue('self::portal-2', 'portal'));
  for (const method of ['GET', 'DELETE'] as const) {
    const reply = await rival.ask(method, `/v1/sessions/${session.sessionId}`, undefined, AbortSignal.timeout(5_000));
    assert.equal(reply.status, 404);
  }
  assert.equal(home.held().length, 5);
  const { body } = await deployment.ask('operator', 'DELETE', `/v1/sessions/${session.sessionId}?reason=revoked`);
  assert.deepEqual([body.state, body.closeReason], ['closed', 'revoked']);
  assert.deepEqual(home.held(), []);
});

system('what the household closes is closed altogether', async ({ home, opened, look }) => {
  const session = await opened();
  const [row] = [...home.gateway.openings.rows.all()];
  assert.ok(row);
  home.gateway.openings.end([row], 'household');
  await eventually(() => home.held().length === 0);
  const { state, closeReason } = await look(session.sessionId);
  assert.deepEqual([state, closeReason], ['closed', 'household']);
});

system(
  'a gateway that goes away before it reads the request leaves nothing, and says so',
  async ({ home, ask, opened }) => {
    home.dieAtNextMessage('unread');
    assert.deepEqual(refusalOf(await ask()).slice(0, 2), [503, 'gateway-silent']);
    assert.deepEqual(home.held(), []);
    assert.deepEqual(refusalOf(await ask()).slice(0, 2), [503, 'gateway-offline']);
    await home.connect();
    await opened();
  },
);

system(
  'a gateway that goes away between request and answer is cleared when it comes back',
  async ({ home, ask, leave }) => {
    // Its answer is queued when the connection ends; what of it arrives is the network's whim.
    home.dieAtNextMessage('done');
    const reply = await ask();
    assert.ok(['gateway-silent', undefined].includes(reply.body.code), JSON.stringify(reply.body));
    await home.disconnect();
    await home.connect();
    if (reply.status === 201) await leave(String(reply.body.sessionId));
    await eventually(() => home.held().length === 0);
  },
);

system(
  'a session outlives the connection and the agent, and closes over the next connection',
  async ({ home, opened, look, leave }) => {
    const session = await opened();
    await home.disconnect();
    assert.equal(home.held().length, 5);
    home.restartAgent();
    await home.connect();
    assert.equal(home.held().length, 5);
    assert.equal((await look(session.sessionId)).state, 'open');
    assert.equal((await leave(session.sessionId)).state, 'closed');
    assert.deepEqual(home.held(), []);
  },
);

system('a session that ends while its gateway is away is undone when it is back', async ({ home, opened, leave }) => {
  const session = await opened();
  await home.disconnect();
  assert.equal((await leave(session.sessionId)).state, 'closing');
  assert.equal(home.held().length, 5);
  await home.connect();
  await eventually(() => home.held().length === 0);
});

system('a new global address is learnt from the gateway', async ({ deployment, home, opened }) => {
  home.gateway.moveTo(['203.0.113.99/24', '2001:db8:1::1/64']);
  await eventually(async () => {
    const { body } = await deployment.ask('operator', 'GET', '/v1/gateways/self::gateway-a');
    return (body.global as string[]).includes('203.0.113.99');
  });
  const flow = {
    portal: { address: '203.0.113.20', port: 8443 },
    observed: { address: '203.0.113.99', port: 40_000 },
  };
  const session = await opened({ flow });
  assert.equal(session.openings[0]?.global.address, '203.0.113.99');
  for (const { global } of home.gateway.dataPlane.read()) assert.equal(global.address, '203.0.113.99');
});

system('IPv6: pinholes to the device itself', async ({ home, opened, leave }) => {
  const streams = (filmRequest().streams as { remote: { port: number } }[]).map((stream) => ({
    ...stream,
    remote: { address: '2001:db8:1::10', port: stream.remote.port },
  }));
  const flow = {
    portal: { address: '2001:db8:1::20', port: 8443 },
    observed: { address: '2001:db8:100::2', port: 40_000 },
  };
  const session = await opened({ streams, flow, localAddresses: ['2001:db8:100::2'] });
  for (const { global, local } of session.openings) assert.deepEqual(global, local);
  assert.equal(session.openings[0]?.local.address, '2001:db8:100::2');
  await leave(session.sessionId);
  assert.deepEqual(home.held(), []);
});

for (const portAgreement of ['pick', 'propose', 'list-free']) {
  system(
    `global ports are agreed on by '${portAgreement}', and a range that is full is told`,
    async ({ home, ask, opened }) => {
      for (const localPort of [5_000, 6_000]) {
        const { openings } = await opened({}, localPort);
        for (const { global } of openings) assert.ok(global.port >= 20_000 && global.port <= 20_009);
      }
      assert.deepEqual(refusalOf(await ask({}, 7_000)).slice(0, 2), [422, 'ports-exhausted']);
      assert.equal(home.held().length, 10);
    },
    { portAgreement, globalPorts: [20_000, 20_009] },
    { policy: { globalPorts: { first: 20_000, last: 20_009 } } },
  );
}

system('two sessions may not lead to one local port of a device', async ({ home, ask, opened }) => {
  await opened();
  const [status, code, subject] = refusalOf(await ask());
  assert.deepEqual([status, code, subject], [422, 'gateway-refused', 'video']);
  assert.equal(home.held().length, 5);
});

test('a gateway that listens is dialled when a request needs it', async () => {
  await using deployment = await deploy();
  await using home = await homeGateway(deployment);
  const url = await home.listen();
  await deployment.ask('operator', 'PUT', '/v1/gateways/self::gateway-a', { type: 'sluice', communication: { url } });
  const { status, body } = await deployment.ask('portal', 'POST', '/v1/sessions', filmRequest());
  assert.equal(status, 201, JSON.stringify(body));
  assert.equal(home.held().length, 5);
  const elsewhere = await deployment.ask('operator', 'PUT', '/v1/gateways/self::gateway-b', {
    type: 'sluice',
    communication: { url },
  });
  assert.equal(elsewhere.status, 200);
  await deployment.ask('operator', 'PUT', '/v1/appliances/self::tv-b', { gatewayId: 'self::gateway-b' });
  const astray = filmRequest({ requestId: 'astray', applianceId: 'self::tv-b' });
  const refused = await deployment.ask('portal', 'POST', '/v1/sessions', astray);
  assert.deepEqual(refusalOf(refused).slice(0, 2), [503, 'gateway-offline']);
  assert.match(refused.body.message ?? '', /could not prove who it is/);
});

system('sessions are taken up by a server that starts again', async ({ deployment, home, opened, look, leave }) => {
  const session = await opened();
  await deployment.restart();
  await home.connect();
  assert.equal((await look(session.sessionId)).state, 'open');
  assert.equal(home.held().length, 5);
  assert.equal((await leave(session.sessionId)).state, 'closed');
  assert.deepEqual(home.held(), []);
});

system('a gateway that sends nonsense is cut off, and the others are served', async ({ deployment, home, opened }) => {
  const identity = await deployment.issue('self::gateway-evil', 'gateway');
  const record = connectRecord('self::gateway-evil', 'self::configuration-1');
  const message = (payload: Uint8Array) =>
    encodeRecord(messageRecord('self::gateway-evil', 'self::configuration-1', payload));
  const cases: [string, Uint8Array, number][] = [
    ['no record', Uint8Array.of(0xff, 0xff, 0xff), 1003],
    ['a record cut short', encodeRecord(record).subarray(0, 20), 1003],
    ['a record of 2 MiB', message(new Uint8Array(2 << 20)), 1009],
    ["another gateway's name", encodeRecord(connectRecord('self::gateway-a', 'self::configuration-1')), 1008],
  ];
  for (const [what, bytes, code] of cases) {
    const evil = await dialAs(deployment, identity);
    evil.receive(() => {});
    evil.send(bytes);
    assert.equal((await evil.closed).code, code, what);
  }
  const evil = await dialAs(deployment, identity);
  const answers: UspRecord[] = [];
  evil.receive((answer) => answers.push(answer));
  evil.send(encodeRecord(record));
  evil.send(message(Uint8Array.of(0xff, 0xff, 0xff)));
  evil.send(message(encodeMsg(requestMsg('1', { case: 'get', value: { paramPaths: ['Device.'] } }))));
  // First contact asks twice; the third record is the refusal of its Get.
  await eventually(() => answers.length >= 3);
  evil.close();
  await opened();
  assert.equal(home.held().length, 5);
});

system('an appliance’s certificate is no gateway’s', async ({ deployment }) => {
  const appliance = await deployment.issue('self::gateway-a', 'appliance');
  await assert.rejects(dialAs(deployment, appliance), { name: 'DialError', kind: 'refused' });
});

/** A connection of whoever that is to the server's USP port. */
function dialAs(deployment: Deployment, identity: Identity): Promise<UspConnection> {
  const { endpointId } = identity;
  return dialWebSocket(
    {
      endpointId,
      identify: (socket) => peerIdentity(socket)?.endpointId,
      clock: systemClock,
      log: silentLog,
      url: `wss://127.0.0.1:${deployment.server.uspPort}/usp`,
      tls: clientTls(identity),
    },
    AbortSignal.timeout(5_000),
  );
}
