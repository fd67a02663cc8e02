import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { run } from '../../../lab/index.ts';
import { RawSender, Sniffer, tcpConnection, tcpServer, udpSocket } from '../../../lab/packets/index.ts';
import { filmMapping, type HomeWithAgent, homeWithAgent } from './home-with-agent.ts';

const timeout = 120_000;
const table = 'Device.NAT.PortMapping.';
const film = `${table}[Alias=="film"].`;

/** Sends RTP every 2 ms until told to stop; tells how many. */
function stream(home: HomeWithAgent): AsyncDisposable & { stop(): Promise<number> } {
  const stopping = new AbortController();
  let sent = 0;
  const running = (async () => {
    while (!stopping.signal.aborted) {
      home.sendRtp(20_000, sent++);
      await pause(2);
    }
  })();
  const stop = async () => {
    stopping.abort();
    await running;
    return sent;
  };
  return {
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

test('an agent that is killed and started again drops no packet of a running stream', { timeout }, async (t) => {
  await using home = await homeWithAgent('agent', t.signal);
  const first = await home.startAgent();
  assert.match(await home.order({ kind: 'add', rows: [{ table, values: filmMapping() }] }), /addResp/);
  const before = await home.order({ kind: 'get', paths: [film] });
  assert.match(before, /"Status":"Enabled"/);
  home.sendRtp(20_000, 0);
  assert.equal(await home.arrived(), 1);

  await using sending = stream(home);
  first.kill('SIGKILL');
  await first.ended;
  const second = await home.startAgent();
  const after = await home.order({ kind: 'get', paths: [film] });
  assert.match(after, /PortMapping\.1\./);
  assert.match(
    await home.order({ kind: 'set', objects: [{ path: film, values: { LeaseDuration: '90' } }] }),
    /setResp/,
  );
  await second.stop();
  const sent = await sending.stop();
  assert.equal(await home.arrived(), sent);
  assert.ok(sent > 100, `only ${sent} were sent meanwhile`);

  await home.startAgent();
  assert.match(await home.order({ kind: 'delete', paths: [film] }), /deleteResp/);
  home.sendRtp(20_000, 1);
  assert.equal(await home.arrived(), 0);
});

test('without its agent an opening ends with its lease', { timeout }, async (t) => {
  await using home = await homeWithAgent('agentend', t.signal);
  const agent = await home.startAgent();
  const opened = Date.now();
  assert.match(
    await home.order({ kind: 'add', rows: [{ table, values: filmMapping({ LeaseDuration: '3' }) }] }),
    /addResp/,
  );
  agent.kill('SIGKILL');
  await agent.ended;
  home.sendRtp(20_000, 0);
  assert.equal(await home.arrived(), 1);
  await pause(opened + 3_200 - Date.now());
  home.sendRtp(20_000, 1);
  assert.equal(await home.arrived(), 0);
});

test('the device is found by the flow of its request, as the kernel translated it', { timeout }, async (t) => {
  await using home = await homeWithAgent('agentway', t.signal);
  await home.startAgent();
  const portal = { address: home.network.address('portal', 4), port: 8443 };
  const observed = Promise.withResolvers<string>();
  const server = tcpServer(home.network.namespace('portal'), portal, (socket) => {
    // The network is taken down before it could hear of the other end's.
    t.after(() => socket.destroy());
    observed.resolve(`${socket.remoteAddress} ${socket.remotePort}`);
  });
  const request = tcpConnection(home.network.namespace('tv-1'), { address: '192.168.1.2', port: 45_000 }, portal);
  t.after(() => {
    request.destroy();
    server.close();
  });
  const X_SLUICE_RequestFlow = `${portal.address} ${portal.port} ${await observed.promise}`;
  const found = filmMapping({ InternalClient: '', X_SLUICE_RequestFlow });
  assert.match(await home.order({ kind: 'add', rows: [{ table, values: found }] }), /addResp/);
  assert.match(await home.order({ kind: 'get', paths: [film] }), /"InternalClient":"192.168.1.2"/);
  home.sendRtp(20_000, 0);
  assert.equal(await home.arrived(), 1);
  const other = filmMapping({
    Alias: 'other',
    InternalClient: '192.168.1.3',
    InternalPort: '5002',
    ExternalPort: '20002',
    X_SLUICE_RequestFlow,
  });
  assert.match(await home.order({ kind: 'add', rows: [{ table, values: other }] }), /"code":7810/);
});

test("a phone's request over UDP: the device behind it, though it was not answered yet", { timeout }, async (t) => {
  await using home = await homeWithAgent('agentsip', t.signal);
  await home.startAgent();
  const portal = { address: home.network.address('portal', 4), port: 5060 };
  const observed = Promise.withResolvers<string>();
  const server = udpSocket(home.network.namespace('portal'), portal);
  server.on('message', (_, { address, port }) => observed.resolve(`${address} ${port}`));
  const phone = udpSocket(home.network.namespace('tv-1'), { address: '192.168.1.2', port: 5060 });
  t.after(() => {
    phone.close();
    server.close();
  });
  phone.send('REGISTER sip:portal SIP/2.0', portal.port, portal.address);
  const flow = `${portal.address} ${portal.port} ${await observed.promise}`;
  const row = (Alias: string, X_SLUICE_RequestFlow: string) => ({
    table,
    values: filmMapping({ Alias, InternalClient: '', X_SLUICE_RequestFlow }),
  });
  // No connection over TCP has these ends.
  assert.match(await home.order({ kind: 'add', rows: [row('film', flow)] }), /"code":7808/);
  assert.match(await home.order({ kind: 'add', rows: [row('film', `${flow} udp`)] }), /addResp/);
  assert.match(await home.order({ kind: 'get', paths: [film] }), /"InternalClient":"192.168.1.2"/);
  home.sendRtp(20_000, 0);
  assert.equal(await home.arrived(), 1);
  const elsewhere = filmMapping({
    Alias: 'other',
    InternalClient: '192.168.1.3',
    InternalPort: '5002',
    ExternalPort: '20002',
    X_SLUICE_RequestFlow: `${flow} udp`,
  });
  assert.match(await home.order({ kind: 'add', rows: [{ table, values: elsewhere }] }), /"code":7810/);
});

test('SCTP and ESP by their own names, from the named server alone', { timeout }, async (t) => {
  await using home = await homeWithAgent('agentesp', t.signal);
  await home.startAgent();
  const rows = [
    { Alias: 'sctp', Protocol: 'X_SLUICE_SCTP', X_SLUICE_StreamType: 'sctp' },
    {
      ...{ Alias: 'esp', Protocol: 'X_SLUICE_ESP', X_SLUICE_StreamType: 'esp' },
      ...{ X_SLUICE_RemotePort: '0', ExternalPort: '0', InternalPort: '0' },
    },
  ].map((changes) => ({ table, values: filmMapping(changes) }));
  const address = (host: string) => home.network.address(host, 4, host === 'gateway-1' ? 'internet' : undefined);
  using sender = new RawSender(home.network.namespace('media'));
  using eye = new Sniffer(home.network.namespace('tv-1'), 'eth0');
  const arrives = async (transport: 'sctp' | 'esp', from: string) => {
    const port = (number: number) => (transport === 'esp' ? 0 : number);
    const ends = {
      from: { address: from, port: port(7000) },
      to: { address: address('gateway-1'), port: port(20_000) },
    };
    sender.send({ transport, ...ends, payload: Buffer.from('lab-protocol') });
    await home.arrived();
    const count = eye.count('lab-protocol');
    eye.clear();
    return count;
  };
  for (const transport of ['sctp', 'esp'] as const) assert.equal(await arrives(transport, address('media')), 0);
  assert.match(await home.order({ kind: 'add', rows }), /addResp/);
  for (const transport of ['sctp', 'esp'] as const) {
    assert.equal(await arrives(transport, address('media')), 1);
    assert.equal(await arrives(transport, '203.0.113.11'), 0);
    assert.match(await home.order({ kind: 'get', paths: [`${table}[Alias=="${transport}"].`] }), /"Status":"Enabled"/);
    assert.deepEqual(await home.household('DELETE', `/v1/openings/${transport}`), { closed: 1 });
    assert.equal(await arrives(transport, address('media')), 0);
  }
});

test('a new global address is told, and the household has its say', { timeout }, async (t) => {
  await using home = await homeWithAgent('wan', t.signal);
  await home.startAgent();
  const subscription = {
    table: 'Device.LocalAgent.Subscription.',
    values: { Enable: 'true', ID: 'addresses', NotifType: 'ValueChange', ReferenceList: 'Device.IP.Interface.' },
  };
  assert.match(await home.order({ kind: 'add', rows: [subscription] }), /addResp/);
  assert.match(await home.order({ kind: 'add', rows: [{ table, values: filmMapping() }] }), /addResp/);
  assert.match(await home.status(), /^film +203\.0\.113\.10:7000 +192\.168\.1\.2:5000 +rtp/m);
  assert.deepEqual(await home.household('POST', '/v1/pause'), { closed: 1 });
  home.sendRtp(20_000, 0);
  assert.equal(await home.arrived(), 0);
  assert.match(await home.order({ kind: 'add', rows: [{ table, values: filmMapping() }] }), /"code":7809/);
  await home.household('POST', '/v1/resume');
  assert.match(await home.order({ kind: 'add', rows: [{ table, values: filmMapping() }] }), /addResp/);
  assert.deepEqual(await home.household('DELETE', '/v1/openings/film'), { closed: 1 });

  const gateway = home.network.namespace('gateway-1').split('/').at(-1) ?? '';
  await run(['ip', '-n', gateway, 'address', 'delete', '203.0.113.1/24', 'dev', 'wan0'], t.signal);
  await run(['ip', '-n', gateway, 'address', 'add', '203.0.113.77/24', 'dev', 'wan0'], t.signal);
  await home.order({ kind: 'news', text: '203.0.113.77' });
});
