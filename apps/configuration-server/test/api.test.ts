import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { clientTls } from '@sluice/identity';
import { type Deployment, deploy, filmRequest } from './deployment.ts';

let deployment: Deployment;

before(async () => {
  deployment = await deploy();
  await deployment.ask('operator', 'PUT', '/v1/gateways/self::gateway-a', { type: 'sluice' });
  await deployment.ask('operator', 'PUT', '/v1/appliances/self::tv-a', { gatewayId: 'self::gateway-a' });
});

after(() => deployment[Symbol.asyncDispose]());

async function problemOf(request: Record<string, unknown>): Promise<[number, string | undefined, unknown]> {
  const { status, body } = await deployment.ask('portal', 'POST', '/v1/sessions', request);
  assert.ok((body.message ?? '').length > 10, 'a problem has a sentence');
  return [status, body.code, body.subject];
}

const stream = (overrides: object) => ({ ...(filmRequest().streams as object[])[1], ...overrides });

test('who may do what is the certificate that tells', async () => {
  const cases: [Parameters<Deployment['ask']>, number][] = [
    [['appliance', 'POST', '/v1/sessions', filmRequest()], 403],
    [['gateway', 'POST', '/v1/sessions', filmRequest()], 403],
    [['media-server', 'DELETE', '/v1/sessions/x'], 403],
    [['portal', 'GET', '/v1/sessions'], 403],
    [['portal', 'GET', '/v1/gateways'], 403],
    [['portal', 'PUT', '/v1/gateways/self::gateway-a', { type: 'sluice' }], 403],
    [['portal', 'PUT', '/v1/appliances/self::tv-a', { gatewayId: 'self::gateway-a' }], 403],
    [['portal', 'GET', '/v1/status'], 403],
    [['operator', 'GET', '/v1/status'], 200],
    [['operator', 'GET', '/v1/sessions'], 200],
    [['operator', 'GET', '/v1/gateways'], 200],
    [['operator', 'GET', '/v1/appliances'], 200],
    [['operator', 'GET', '/v1/openings'], 200],
    [['appliance', 'GET', '/healthz'], 200],
  ];
  for (const [question, status] of cases) {
    const reply = await deployment.ask(...question);
    assert.equal(reply.status, status, question.slice(0, 3).join(' '));
    if (status === 403) assert.equal(reply.body.code, 'not-permitted');
  }
});

test('without a certificate of this deployment there is no connection', async () => {
  const stranger = await deploy();
  try {
    const identity = await stranger.issue('self::operator-1', 'operator');
    for (const tls of [{ rejectUnauthorized: false }, { ...clientTls(identity), rejectUnauthorized: false }]) {
      const peer = connect({ host: '127.0.0.1', port: deployment.server.apiPort, ...tls });
      const heard = await new Promise<string>((resolve) => {
        peer.on('data', (bytes) => resolve(`data: ${bytes}`));
        peer.on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
        peer.on('close', () => resolve('closed'));
        peer.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
      });
      assert.doesNotMatch(heard, /^data/);
    }
  } finally {
    await stranger[Symbol.asyncDispose]();
  }
});

test('it serves over IPv6 too', async () => {
  const identity = await deployment.issue('self::operator-6', 'operator');
  const socket = connect({ host: '::1', port: deployment.server.apiPort, ...clientTls(identity) });
  const answer = await new Promise<string>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('data', (bytes) => resolve(bytes.toString()));
    socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
  });
  assert.match(answer, /^HTTP\/1.1 200/);
  socket.destroy();
});

test('a request that names what is not there is refused with its own code', async () => {
  assert.deepEqual((await problemOf(filmRequest({ requestId: 'u-1', applianceId: 'self::nobody' }))).slice(0, 2), [
    404,
    'appliance-unknown',
  ]);
  const { status, body } = await deployment.ask('operator', 'PUT', '/v1/appliances/self::tv-b', {
    gatewayId: 'self::no-gateway',
  });
  assert.deepEqual([status, body.code], [404, 'gateway-unknown']);
  assert.equal((await deployment.ask('operator', 'GET', '/v1/gateways/self::no-gateway')).body.code, 'gateway-unknown');
  assert.equal((await deployment.ask('operator', 'GET', '/v1/appliances/self::x')).body.code, 'appliance-unknown');
  for (const method of ['GET', 'DELETE'] as const) {
    const reply = await deployment.ask('portal', method, '/v1/sessions/none');
    assert.deepEqual([reply.status, reply.body.code], [404, 'session-unknown']);
  }
});

test('a gateway that is offline is told at once', async () => {
  const [status, code] = await problemOf(filmRequest({ requestId: 'o-1' }));
  assert.deepEqual([status, code], [503, 'gateway-offline']);
  const { body } = await deployment.ask('operator', 'GET', '/v1/sessions?state=refused');
  const [session] = body.sessions as { requestId: string; refusal: { code: string } }[];
  assert.deepEqual([session?.requestId, session?.refusal.code], ['o-1', 'gateway-offline']);
});

test('input that does not fit says what is wrong, and with which stream', async () => {
  const cases: [Record<string, unknown>, [number, string, unknown]][] = [
    [{ streams: [stream({ localPort: 0 })] }, [400, 'port-invalid', 'video-rtcp']],
    [{ streams: [stream({ localPort: 65_536 })] }, [400, 'port-invalid', 'video-rtcp']],
    [{ streams: [stream({ remote: { address: '203.0.113.10', port: 0 } })] }, [400, 'port-invalid', 'video-rtcp']],
    [{ streams: [stream({ streamType: 'dccp' })] }, [400, 'malformed', 'video-rtcp']],
    [{ streams: [stream({ streamType: 'sctp', localPort: 0 })] }, [400, 'port-invalid', 'video-rtcp']],
    [{ streams: [stream({ streamType: 'esp' })] }, [400, 'port-invalid', 'video-rtcp']],
    [{ streams: [] }, [400, 'malformed', undefined]],
    [{ streams: new Array(17).fill(stream({})) }, [413, 'too-large', undefined]],
    [{ localAddresses: ['192.168.1.256'] }, [400, 'malformed', undefined]],
    [{ localAddresses: new Array(9).fill('192.168.1.2') }, [413, 'too-large', undefined]],
    [{ requestId: '' }, [400, 'malformed', undefined]],
    [{ requestId: 'x'.repeat(65) }, [400, 'malformed', undefined]],
    [{ applianceId: 'a b' }, [400, 'malformed', undefined]],
    [{ flow: undefined }, [400, 'malformed', undefined]],
  ];
  for (const [overrides, expected] of cases)
    assert.deepEqual(await problemOf(filmRequest(overrides)), expected, JSON.stringify(overrides).slice(0, 80));
});

/** Sends bytes as an operator and hears the answer out. */
async function raw(text: string): Promise<{ status: number; code: unknown }> {
  const identity = await deployment.issue('self::operator-1', 'operator');
  const socket = connect({ host: '127.0.0.1', port: deployment.server.apiPort, ...clientTls(identity) });
  const heard = await new Promise<string>((resolve, reject) => {
    let answer = '';
    socket.on('data', (bytes) => {
      answer += bytes.toString();
      if (/\r\n\r\n.*\}/s.test(answer)) resolve(answer);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
    socket.write(text);
  });
  socket.destroy();
  const [head = '', body = ''] = heard.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), code: (JSON.parse(body) as { code: unknown }).code };
}

const post = (body: string, type = 'application/json', length = Buffer.byteLength(body)) =>
  `POST /v1/sessions HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n${body}`;

test('what is no request gets a problem too', async () => {
  const cases: [string, number, string][] = [
    [post('{"requestId":'), 400, 'malformed'],
    [post('null'), 400, 'malformed'],
    [post('[]'), 400, 'malformed'],
    [post('<x/>', 'text/xml'), 415, 'malformed'],
    [post('{"__proto__":{}}'), 400, 'malformed'],
    [post('', 'application/json', 70_000), 413, 'too-large'],
    [`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(9_000)}\r\n\r\n`, 431, 'too-large'],
    ['GET /v1/nothing HTTP/1.1\r\nhost: localhost\r\n\r\n', 404, 'malformed'],
    ['PATCH /v1/sessions HTTP/1.1\r\nhost: localhost\r\n\r\n', 404, 'malformed'],
    [`GET /v1/sessions/${'x'.repeat(300)} HTTP/1.1\r\nhost: localhost\r\n\r\n`, 400, 'malformed'],
    ['GET /v1/sessions?limit=0 HTTP/1.1\r\nhost: localhost\r\n\r\n', 400, 'malformed'],
    ['GET /v1/sessions?state=open&state=x HTTP/1.1\r\nhost: localhost\r\n\r\n', 400, 'malformed'],
    ['GET /v1/openings?globalPort=0 HTTP/1.1\r\nhost: localhost\r\n\r\n', 400, 'malformed'],
    ['GET /%zz HTTP/1.1\r\nhost: localhost\r\n\r\n', 400, 'malformed'],
    ['\x00\x01\x02\r\n\r\n', 400, 'malformed'],
  ];
  for (const [text, status, code] of cases)
    assert.deepEqual(await raw(text), { status, code }, JSON.stringify(text.slice(0, 60)));
});

test('a request that never ends is cut off', async () => {
  const impatient = await deploy({ limits: { requestMs: 300 } });
  try {
    const identity = await impatient.issue('self::portal-1', 'portal');
    const socket = connect({ host: '127.0.0.1', port: impatient.server.apiPort, ...clientTls(identity) });
    const heard = await new Promise<string>((resolve, reject) => {
      let answer = '';
      socket.on('data', (bytes) => {
        answer += bytes;
      });
      socket.on('error', reject);
      socket.on('close', () => resolve(answer));
      socket.write(post('{', 'application/json', 100));
    });
    assert.match(heard, /^HTTP\/1.1 408.*"code":"timeout"/s);
  } finally {
    await impatient[Symbol.asyncDispose]();
  }
});

test('/openapi.json describes what is checked', async () => {
  const { status, body } = await deployment.ask('operator', 'GET', '/openapi.json');
  assert.equal(status, 200);
  const paths = body.paths as Record<string, Record<string, Record<string, unknown>>>;
  assert.deepEqual(
    Object.entries(paths)
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`))
      .sort(),
    [
      'delete /v1/appliance-links/{link}',
      'delete /v1/appliances/{applianceId}',
      'delete /v1/gateways/{gatewayId}',
      'delete /v1/operators/{name}',
      'delete /v1/portals/{portalId}',
      'delete /v1/sessions/{sessionId}',
      'get /healthz',
      'get /v1/appliance-links/stream',
      'get /v1/appliances',
      'get /v1/appliances/{applianceId}',
      'get /v1/gateways',
      'get /v1/gateways/{gatewayId}',
      'get /v1/openings',
      'get /v1/operators',
      'get /v1/portals',
      'get /v1/portals/{portalId}',
      'get /v1/revocations',
      'get /v1/revocations/stream',
      'get /v1/sessions',
      'get /v1/sessions/{sessionId}',
      'get /v1/status',
      'post /v1/appliance-links',
      'post /v1/appliance-links/{link}/answers',
      'post /v1/appliance-links/{link}/doubts',
      'post /v1/appliance-links/{link}/results',
      'post /v1/calls',
      'post /v1/calls/proposals',
      'post /v1/enrolment-tokens',
      'post /v1/renewals',
      'post /v1/revocations',
      'post /v1/sessions',
      'put /v1/appliances/{applianceId}',
      'put /v1/gateways/{gatewayId}',
      'put /v1/operators/{name}',
      'put /v1/portals/{portalId}',
    ],
  );
  const text = JSON.stringify(paths['/v1/sessions']?.post?.requestBody);
  for (const member of ['requestId', 'localAddresses', 'streamType', 'rtp-mux', '"maxItems":16'])
    assert.ok(text.includes(member), member);
});

test('registrations are listed, by id and page by page', async () => {
  for (const id of ['c', 'd', 'e'])
    await deployment.ask('operator', 'PUT', `/v1/gateways/self::gateway-${id}`, { type: 'sluice' });
  const list = async (query: string) => {
    const { body } = await deployment.ask('operator', 'GET', `/v1/gateways?${query}`);
    return (body.gateways as { gatewayId: string }[]).map(({ gatewayId }) => gatewayId);
  };
  assert.deepEqual(await list('limit=2'), ['self::gateway-a', 'self::gateway-c']);
  assert.deepEqual(await list('limit=2&after=self::gateway-c'), ['self::gateway-d', 'self::gateway-e']);
  const { body } = await deployment.ask('operator', 'GET', '/v1/gateways/self::gateway-c');
  const shown = { gatewayId: 'self::gateway-c', type: 'sluice', communication: {}, online: false };
  assert.deepEqual(body, { ...shown, global: [], openings: 0 });
  const appliances = await deployment.ask('operator', 'GET', '/v1/appliances');
  assert.deepEqual(appliances.body, {
    appliances: [{ applianceId: 'self::tv-a', gatewayId: 'self::gateway-a' }],
  });
});

test('a gateway is removed once nobody is behind it', async () => {
  await deployment.ask('operator', 'PUT', '/v1/gateways/self::gateway-old', { type: 'sluice' });
  await deployment.ask('operator', 'PUT', '/v1/appliances/self::tv-old', { gatewayId: 'self::gateway-old' });
  const remove = async (path: string) => {
    const { status, body } = await deployment.ask('operator', 'DELETE', path);
    return [status, body.code];
  };
  assert.deepEqual(await remove('/v1/gateways/self::gateway-old'), [409, 'request-conflict']);
  assert.deepEqual(await remove('/v1/appliances/self::tv-old'), [204, undefined]);
  assert.deepEqual(await remove('/v1/appliances/self::tv-old'), [404, 'appliance-unknown']);
  assert.deepEqual(await remove('/v1/gateways/self::gateway-old'), [204, undefined]);
  assert.deepEqual(await remove('/v1/gateways/self::gateway-old'), [404, 'gateway-unknown']);
});

test('what was registered is there after a restart', async () => {
  await using fresh = await deploy();
  await fresh.ask('operator', 'PUT', '/v1/gateways/self::gateway-a', { type: 'sluice' });
  await fresh.restart();
  const { status } = await fresh.ask('operator', 'GET', '/v1/gateways/self::gateway-a');
  assert.equal(status, 200);
});
