import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Authority, type Identity, openAuthority } from '@sluice/identity';
import { buildBasic } from '@sluice/wire/http-auth';
import { type AcsListening, type CwmpDevice, listenCwmp } from './index.ts';
import { home, listeningAcs, type TestAcs } from './test/listening-acs.ts';

/** Certificates of the lab's authority name endpoint ids; a device's own would name its OUI and serial number. */
const certified: CwmpDevice = { gatewayId: 'certified', identity: '00D09E-2', certificateName: 'self::gateway-2' };

let directory: string;
let server: TestAcs;
let secure: AcsListening;
let authority: Authority;
let own: Identity;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-cwmp-acs-'));
  authority = await openAuthority(join(directory, 'authority'));
  own = await authority.issue({ endpointId: 'self::acs', role: 'configuration-server', names: ['127.0.0.1'] });
  server = await listeningAcs([home, certified]);
  const tls = { cert: own.certPem, key: own.keyPem, ca: authority.caPem };
  secure = await listenCwmp(server.acs, { hosts: ['127.0.0.1'], port: 0, tls });
});

after(async () => {
  await secure[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

/** An Inform over TLS; resolves to the status and the challenges. */
function inform(
  serial: string,
  { identity, authorization }: { identity?: Identity; authorization?: string },
): Promise<{ status: number; challenges: readonly string[] }> {
  const body = `<Envelope><Body><Inform><DeviceId><OUI>00D09E</OUI><SerialNumber>${serial}</SerialNumber></DeviceId></Inform></Body></Envelope>`;
  const shown = identity ? { cert: identity.certPem, key: identity.keyPem } : {};
  const agent = new Agent({ ca: authority.caPem, ...shown });
  return new Promise((resolve, reject) => {
    const headers = authorization === undefined ? {} : { authorization };
    const sent = request(
      { host: '127.0.0.1', port: secure.port, method: 'POST', path: '/', agent, headers },
      (answer) => {
        answer.resume();
        answer.once('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            challenges: answer.headersDistinct['www-authenticate'] ?? [],
          }),
        );
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

test('a certificate of the authority that names the device is its proof', async () => {
  const identity = await authority.issue({ endpointId: 'self::gateway-2', role: 'gateway' });
  assert.equal((await inform('2', { identity })).status, 200);
  // It proves nothing for another device, and one that has a password may not do without a proof.
  assert.equal((await inform('1', { identity })).status, 401);
  const other = await authority.issue({ endpointId: 'self::gateway-3', role: 'gateway' });
  assert.equal((await inform('2', { identity: other })).status, 401);
});

test('a certificate of another authority is none', async () => {
  const elsewhere = await openAuthority(join(directory, 'elsewhere'));
  const identity = await elsewhere.issue({ endpointId: 'self::gateway-2', role: 'gateway' });
  assert.equal((await inform('2', { identity })).status, 401);
});

test('over TLS a password may be shown as it is', async () => {
  const { status, challenges } = await inform('1', {});
  assert.equal(status, 401);
  assert.deepEqual(
    challenges.map((challenge) => challenge.split(' ')[0]),
    ['Digest', 'Basic'],
  );
  assert.equal((await inform('1', { authorization: buildBasic('home', 'sesame') })).status, 200);
  assert.equal((await inform('1', { authorization: buildBasic('home', 'Sesame') })).status, 401);
  // Where no password is registered, none is right.
  assert.equal((await inform('2', { authorization: buildBasic('', '') })).status, 401);
});
