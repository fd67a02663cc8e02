import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../../lab/index.ts';
import { homeWithAgent } from './home-with-agent.ts';

const table = 'Device.Firewall.Pinhole.';
const device = '192.168.1.2';
const film = {
  Alias: 'film',
  Enable: 'true',
  SourcePrefixes: '203.0.113.10/32',
  SourcePort: '7000',
  X_SLUICE_StreamType: 'rtp',
  Protocol: '17',
  DestIP: device,
  DestPort: '5000',
  LeaseDuration: '60',
};

test('an agent on a firewall that is not the router: pinholes for IPv4, nothing translated, nothing else let in', {
  timeout: 120_000,
}, async (t) => {
  await using home = await homeWithAgent('agentfw', t.signal, { translates: false });
  const agent = await home.startAgent();
  const settings = await home.order({ kind: 'get', paths: ['Device.NAT.InterfaceSetting.1.'] });
  assert.match(settings, /"Enable":"false"/);
  // The media server knows the way to the device; the firewall is in between.
  const passes = async () => {
    home.sendRtp(5000, 0, device);
    const count = await home.arrived();
    home.sendRtp(5001, 0, device);
    home.sendRtp(5000, 0);
    home.sendRtp(5000, 0, '192.168.1.3');
    assert.equal(await home.arrived(), 0);
    return count;
  };
  assert.equal(await passes(), 0);
  assert.match(await home.order({ kind: 'add', rows: [{ table, values: film }] }), /addResp/);
  assert.equal(await passes(), 1);
  assert.match(await home.status(), /^film +203\.0\.113\.10:7000 +192\.168\.1\.2:5000 +rtp/m);
  const mapping = {
    table: 'Device.NAT.PortMapping.',
    values: {
      Enable: 'true',
      RemoteHost: '203.0.113.10',
      InternalPort: '5002',
      InternalClient: device,
      LeaseDuration: '60',
    },
  };
  assert.match(await home.order({ kind: 'add', rows: [mapping] }), /"code":7014/);
  // Its agent dead, the firewall goes on; the next one knows the opening.
  agent.kill('SIGKILL');
  await agent.ended;
  assert.equal(await passes(), 1);
  await home.startAgent();
  assert.match(await home.order({ kind: 'get', paths: [`${table}[Alias=="film"].`] }), /"DestIP":"192.168.1.2"/);
  const gateway = home.network.namespace('gateway-1').split('/').at(-1) ?? '';
  const rules = await run(['ip', 'netns', 'exec', gateway, 'nft', 'list', 'table', 'inet', 'sluice'], t.signal);
  assert.doesNotMatch(rules, /masquerade|dnat ip|snat ip/);
  assert.deepEqual(await home.household('DELETE', '/v1/openings/film'), { closed: 1 });
  assert.equal(await passes(), 0);
});
