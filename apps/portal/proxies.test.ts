import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import type { SessionRequest } from '@sluice/api';
import { clientTls, type Identity, openAuthority } from '@sluice/identity';
import { world } from './test/world.ts';

const here = new AbortController().signal;
const body = {
  requestId: 'r1',
  contentId: 'film',
  localPorts: { video: 5000, 'video-rtcp': 5001, subtitles: 5002 },
};
const header = 'PROXY TCP4 198.51.100.7 203.0.113.20 40000 443\r\n';
const told = {
  portal: { address: '203.0.113.20', port: 443 },
  observed: { address: '198.51.100.7', port: 40_000 },
};

/** A portal behind a proxy at `named`, and the flows that it tells the configuration server. */
async function proxied(t: TestContext, named: string) {
  const made = await world(t, {}, { proxies: [named] });
  const flows: [string, SessionRequest['flow']][] = [];
  const { configuration } = made;
  const open = configuration.open.bind(configuration);
  configuration.open = (request) => {
    flows.push([request.applianceId, request.flow]);
    return open(request);
  };
  return { ...made, flows };
}

/** Hands connections on as they are, the header before them. */
async function passOn(t: TestContext, port: number): Promise<number> {
  const server = createServer((client) => {
    const onward = connect(port, '127.0.0.1');
    onward.write(header);
    client.pipe(onward).pipe(client);
    for (const socket of [client, onward]) socket.on('error', () => {});
    t.after(() => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** One request over TLS of the proxy's own, after the header. Resolves to the answer, head and all, or why there is none. */
function endTls(port: number, by: Identity, headers: readonly string[], path = '/v1/contents'): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.write(header);
    const secure = tlsConnect({ socket, ...clientTls(by), checkServerIdentity: () => undefined });
    let answer = '';
    secure.setEncoding('latin1').on('data', (text) => {
      answer += text;
    });
    secure.on('error', (error) => resolve(error.message)).on('close', () => resolve(answer));
    secure.write([`GET ${path} HTTP/1.1`, 'host: portal', 'connection: close', ...headers, '', ''].join('\r\n'));
  });
}

const clientCert = (identity: Identity) =>
  `Client-Cert: :${new X509Certificate(identity.certPem).raw.toString('base64')}:`;

test("behind a proxy that is named, the flow is the one that the proxy tells, and the certificate the caller's own", async (t) => {
  const { portal, peer, issue, flows } = await proxied(t, '127.0.0.0/8');
  const behind = peer(await issue('appliance'), `https://127.0.0.1:${await passOn(t, portal.port)}`);
  const answer = await behind.ask('POST', '/v1/requests', body, here);
  assert.equal(answer.status, 200, answer.body.toString());
  assert.deepEqual(flows, [['self::appliance', told]]);
});

test("nobody else's header counts: its connection ends", async (t) => {
  const { portal, peer, issue, tv, flows } = await proxied(t, '203.0.113.80');
  const behind = peer(await issue('appliance'), `https://127.0.0.1:${await passOn(t, portal.port)}`);
  await assert.rejects(behind.ask('POST', '/v1/requests', body, here));
  assert.equal((await tv.ask('POST', '/v1/requests', body, here)).status, 200);
  assert.equal(flows[0]?.[1].observed.address, '127.0.0.1');
});

test('a connection of a proxy that has no header ends', async (t) => {
  const { tv } = await proxied(t, '127.0.0.1');
  await assert.rejects(tv.ask('GET', '/v1/contents', undefined, here));
});

test("a proxy that ends TLS shows a portal's certificate and hands on the caller's; nobody else may", async (t) => {
  const { portal, issue } = await proxied(t, '127.0.0.1');
  const [proxy, tv, gateway] = [await issue('portal'), await issue('appliance'), await issue('gateway')];
  const elsewhere = await mkdtemp(join(tmpdir(), 'sluice-elsewhere-'));
  t.after(() => rm(elsewhere, { recursive: true }));
  const other = await openAuthority(elsewhere);
  const stranger = await other.issue({ endpointId: 'self::appliance', role: 'appliance', names: [] });
  const status = async (by: Identity, ...headers: string[]) =>
    (await endTls(portal.port, by, headers)).split('\r\n')[0] ?? '';
  assert.match(await status(proxy, clientCert(tv)), / 200 /);
  assert.match(await status(proxy), / 403 /);
  assert.match(await status(proxy, clientCert(gateway)), / 403 /);
  assert.match(await status(proxy, clientCert(stranger)), / 403 /, 'of another authority');
  assert.match(await status(proxy, clientCert(tv), clientCert(tv)), / 403 /, 'two of them');
  assert.match(await status(proxy, 'Client-Cert: :AAAA:'), / 403 /);
  assert.match(await status(gateway, clientCert(tv)), / 403 /, 'a gateway vouches for nobody');
  const another = await issue('appliance');
  assert.match(await status(tv, clientCert(another)), / 200 /, 'an appliance is itself, whatever it hands on');
});
