import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Deployment, deploy } from './deployment.ts';

let deployment: Deployment;
before(async () => {
  deployment = await deploy();
});
after(() => deployment[Symbol.asyncDispose]());

const put = async (type: string, communication: object): Promise<readonly [number, string]> => {
  const { status, body } = await deployment.ask('operator', 'PUT', '/v1/gateways/box', { type, communication });
  return [status, String(body.message ?? body.type)];
};

test('each type is registered with what it is spoken to by, and nothing else', async () => {
  const cases: [string, object, number][] = [
    ['pcp', {}, 200],
    ['pcp', { through: 'appliance', address: '192.168.1.1', portAgreement: 'propose' }, 200],
    ['pcp', { address: 'home' }, 400],
    ['pcp', { through: 'operator' }, 400],
    ['pcp', { url: 'wss://192.168.1.1/usp' }, 400],
    ['nat-pmp', { address: '192.168.1.1' }, 200],
    ['pcp', { port: '5351', address6: '2001:db8:100::1' }, 200],
    ['nat-pmp', { address6: '2001:db8:100::1' }, 400],
    ['igd', { uuid: 'uuid:1b0c9ab2-0000-0000-0000-000000000000' }, 200],
    ['igd', { uuid: 'x'.repeat(129) }, 400],
    ['igd', { location: 'http://192.168.1.1:5000/rootDesc.xml' }, 200],
    ['igd', { location: 'file:///etc/passwd' }, 400],
    ['sluice', { url: 'wss://192.0.2.1:8446/usp' }, 200],
    ['sluice', { url: 'https://192.0.2.1/' }, 400],
    ['sluice', { portAgreement: 'guess' }, 400],
    ['cwmp', { oui: '00D09E', serial: '0001', username: 'home', password: 'sesame' }, 200],
    ['cwmp', { oui: '00D09E', serial: '0001', connectionRequestUrl: 'http://192.0.2.1:7547/x' }, 200],
    ['cwmp', { oui: '00D09', serial: '0001' }, 400],
    ['cwmp', { oui: '00D09E' }, 400],
    ['cwmp', { oui: '00D09E', serial: '0001', connectionRequestUrl: 'file:///etc/passwd' }, 400],
    ['telnet', {}, 400],
  ];
  for (const [type, communication, expected] of cases) {
    const [status, told] = await put(type, communication);
    assert.equal(status, expected, `${type} ${JSON.stringify(communication)}: ${told}`);
  }
});

test('a misspelt member is named', async () => {
  assert.match((await put('pcp', { adress: '192.168.1.1' }))[1], /adress/);
});
