import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { type ConsentRequest, signConsent, signingKey } from '@sluice/consent';
import { VirtualClock } from '@sluice/io';
import type { ModelChange } from '@sluice/usp-agent';
import { refusalErrors } from '@sluice/wire/usp';
import {
  done,
  gatewayInMemory,
  mapping,
  mine,
  pinhole,
  read,
  refused,
  set,
  theirs,
} from '../test/gateway-in-memory.ts';
import { LearnedKeys } from './learned-keys.ts';

const tv = device('self::tv-1');
const tablet = device('self::tablet-1');
const addresses = [
  ['192.168.1.2', '2001:db8:100::2'],
  ['192.168.1.3', '2001:db8:100::3'],
];
const [tvHardware, tabletHardware] = ['02:00:00:00:00:02', '02:00:00:00:00:03'];
const flowText = '203.0.113.20 8443 203.0.113.1 40000';
const tabletFlowText = '203.0.113.20 8443 203.0.113.1 40001';

function device(applianceId: string) {
  const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  const jwk = createPublicKey(createPrivateKey(pem)).export({ format: 'jwk' });
  return { applianceId, jwk, signing: signingKey(pem.toString()) };
}

/** A home in which both devices have introduced themselves and have a connection to the portal. */
function home(policy: object = {}, neighbours = addresses) {
  const clock = new VirtualClock();
  const keys = new LearnedKeys({ read: () => undefined, write() {} });
  keys.introduce(tv.applianceId, tv.jwk, tvHardware ?? '', clock.now());
  keys.introduce(tablet.applianceId, tablet.jwk, tabletHardware ?? '', clock.now());
  const gateway = gatewayInMemory({
    clock,
    keys,
    neighbours,
    policy: { consent: 'required', portalIds: ['self::portal-1'], ...policy },
  });
  const portal = { address: '203.0.113.20', port: 8443 };
  const flow = (address: string, port: number) =>
    gateway.dataPlane.flows.push({
      flow: { transport: 'tcp', original: { from: { address, port: 50_000 }, to: portal } },
      observed: { address: '203.0.113.1', port },
    });
  flow('192.168.1.2', 40_000);
  flow('192.168.1.3', 40_001);
  const consent = (changes: Partial<ConsentRequest> = {}, by = tv) =>
    signConsent(
      {
        ...{ applianceId: by.applianceId, portalId: 'self::portal-1', requestId: 'r1', contentId: 'film' },
        ports: [
          { id: 'video', transport: 'udp', port: 5000 },
          { id: 'audio', transport: 'udp', port: 5002 },
          { id: 'subtitles', transport: 'tcp', port: 5004 },
        ],
        now: clock.now(),
        end: clock.now() + 600_000,
        ...changes,
      },
      by.signing,
    );
  const openings = () =>
    gateway.dataPlane.read().map(({ local, streamType }) => `${streamType} ${local.address} ${local.port}`);
  /** The refusal's name; and the kernel holds what it held. */
  const codeOf = (changes: readonly ModelChange[], owner = mine): string => {
    const before = gateway.dataPlane.read();
    const failure = refused(gateway.model.apply(changes, owner));
    assert.deepEqual(gateway.dataPlane.read(), before, 'the kernel is unchanged');
    return refusalErrors.find(([code]) => code === failure.code)?.[1] ?? `${failure.code}`;
  };
  return { ...gateway, clock, keys, consent, openings, codeOf };
}

const asked = (token: string, parameters = {}) =>
  mapping({ X_SLUICE_RequestFlow: flowText, X_SLUICE_Consent: token, ...parameters });

test('what a device signed opens, all of it in one message, and says so', async () => {
  const { model, consent, openings } = home();
  const token = await consent();
  const rows = [
    asked(token, { Alias: 'a' }),
    asked(token, { Alias: 'b', InternalPort: '5002', InternalClient: undefined }),
    asked(token, { Alias: 'c', InternalPort: '5004', Protocol: 'TCP' }),
  ];
  const [object = ''] = done(model.apply(rows, mine));
  assert.deepEqual(openings(), ['udp 192.168.1.2 5000', 'udp 192.168.1.2 5002', 'tcp 192.168.1.2 5004']);
  const { X_SLUICE_ConsentedBy: by, X_SLUICE_Consent: written } = read(model, object);
  assert.deepEqual([by, written], ['signed', '']);
});

test('a configuration server that asks for a device that requested nothing: refused, the kernel unchanged', async () => {
  const { codeOf, consent } = home();
  const token = await consent();
  assert.equal(codeOf([mapping()]), 'consent-missing');
  assert.equal(codeOf([mapping({ X_SLUICE_RequestFlow: flowText })]), 'consent-missing');
  assert.equal(codeOf([mapping({ X_SLUICE_Consent: token })]), 'consent-missing');
  // A flow that nobody has; and one of the television for an opening to the tablet, which asked for nothing.
  assert.equal(
    codeOf([asked(token, { X_SLUICE_RequestFlow: '203.0.113.20 8443 203.0.113.1 49999' })]),
    'device-not-found',
  );
  assert.equal(codeOf([asked(token, { InternalClient: '192.168.1.3' })]), 'path-mismatch');
  assert.equal(
    codeOf([asked(token, { X_SLUICE_RequestFlow: tabletFlowText, InternalClient: '192.168.1.3' })]),
    'consent-elsewhere',
  );
  assert.equal(codeOf([pinhole()]), 'consent-missing');
});

test("a device that claims its neighbour's local address gets its own or nothing", async () => {
  const { codeOf, consent, model, openings } = home();
  const token = await consent();
  assert.equal(codeOf([asked(token, { InternalClient: '192.168.1.3' })]), 'path-mismatch');
  const before = home({ consent: 'preferred' });
  assert.equal(
    before.codeOf([mapping({ X_SLUICE_RequestFlow: flowText, InternalClient: '192.168.1.3' })]),
    'path-mismatch',
  );
  done(model.apply([asked(token, { InternalClient: undefined })], mine));
  assert.deepEqual(openings(), ['udp 192.168.1.2 5000']);
});

test('a signature of another device of the home does not count for this one', async () => {
  const { codeOf, consent } = home();
  assert.equal(codeOf([asked(await consent({}, tablet))]), 'consent-elsewhere');
  const forged = { ...tablet, applianceId: tv.applianceId };
  assert.equal(codeOf([asked(await consent({}, forged))]), 'consent-invalid');
});

test('ports, transport, portal, time and signature must be what was signed', async () => {
  const { codeOf, consent, clock } = home();
  const token = await consent();
  const [head, body, signature = ''] = token.split('.');
  assert.equal(codeOf([asked(token, { InternalPort: '5001' })]), 'consent-elsewhere');
  assert.equal(codeOf([asked(token, { Protocol: 'TCP' })]), 'consent-elsewhere');
  assert.equal(codeOf([asked(await consent({ portalId: 'self::portal-2' }))]), 'consent-invalid');
  assert.equal(
    codeOf([asked([head, body, signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))].join('.'))]),
    'consent-invalid',
  );
  assert.equal(codeOf([asked('x')]), 'consent-invalid');
  // One signed port is one opening: a second server for the same port was not asked for.
  const twice = [asked(token), asked(token, { RemoteHost: '203.0.113.99' })];
  assert.equal(codeOf(twice), 'consent-elsewhere');
  const two = [asked(token), asked(await consent({ requestId: 'r2' }), { InternalPort: '5002' })];
  assert.equal(codeOf(two), 'consent-elsewhere');
  assert.equal(
    codeOf([asked(token), mapping({ InternalPort: '5002', X_SLUICE_RequestFlow: flowText })]),
    'consent-missing',
  );
  await clock.pass(60_000);
  assert.equal(codeOf([asked(token)]), 'consent-expired');
});

test('a request opens once: not after it was closed, not by another controller; a refused message does not use it up', async () => {
  const { codeOf, consent, model } = home();
  const token = await consent();
  assert.equal(codeOf([asked(token), asked(token, { InternalPort: '9999' })]), 'consent-elsewhere');
  const [object = ''] = done(model.apply([asked(token)], mine));
  assert.equal(codeOf([asked(token, { InternalPort: '5002' })]), 'consent-replayed');
  assert.equal(codeOf([asked(token, { InternalPort: '5002' })], theirs), 'consent-replayed');
  done(model.apply([{ kind: 'delete', object }], mine));
  assert.equal(codeOf([asked(token)]), 'consent-replayed');
  // The same request id, signed again: still the same request.
  assert.equal(codeOf([asked(await consent({ end: Date.UTC(2031, 0, 1) }))]), 'consent-replayed');
  done(model.apply([asked(await consent({ requestId: 'r2' }))], mine));
});

test('what was signed before the agent started may have been used: it does not count', async () => {
  const first = home();
  const token = await first.consent();
  const [object = ''] = done(first.model.apply([asked(token)], mine));
  done(first.model.apply([{ kind: 'delete', object }], mine));
  await first.clock.pass(1_000);
  const { clock, dataPlane, keys } = first;
  const again = gatewayInMemory({ clock, dataPlane, keys, neighbours: addresses, policy: { consent: 'required' } });
  assert.match(refused(again.model.apply([asked(token)], mine)).message, /before this gateway started/);
  assert.deepEqual(dataPlane.read(), []);
});

test('renewals need no other signature and end where it ends, over a restart of the agent too', async () => {
  const { clock, consent, model, codeOf, dataPlane, keys } = home();
  const token = await consent({ end: clock.now() + 100_000 });
  assert.equal(codeOf([asked(token, { LeaseDuration: '101' })]), 'consent-expired');
  const [object = ''] = done(model.apply([asked(token, { Alias: 'a', LeaseDuration: '10' })], mine));
  await clock.pass(5_000);
  done(model.apply([set(object, { LeaseDuration: '60' })], mine));
  await clock.pass(55_000);
  assert.equal(codeOf([set(object, { LeaseDuration: '41' })]), 'consent-expired');
  done(model.apply([set(object, { LeaseDuration: '30' })], mine));
  const again = gatewayInMemory({ clock, dataPlane, keys, neighbours: addresses, policy: { consent: 'required' } });
  assert.deepEqual(again.openings.adopt(), { adopted: 1, closed: 0, unknown: 0 });
  assert.equal(read(again.model, object).X_SLUICE_ConsentedBy, 'signed');
  refused(again.model.apply([set(object, { LeaseDuration: '41' })], mine));
  done(again.model.apply([set(object, { LeaseDuration: '40', Description: 'to the end' })], mine));
  await clock.pass(40_000);
  assert.deepEqual(dataPlane.read(), []);
});

test('an opening cannot be turned to another port, device or server without a new signature', async () => {
  const { consent, model, codeOf, openings } = home();
  const [object = ''] = done(model.apply([asked(await consent())], mine));
  for (const change of [
    { InternalPort: '5002' },
    { RemoteHost: '203.0.113.99' },
    { Protocol: 'TCP' },
    { X_SLUICE_RemotePort: '0' },
  ])
    assert.equal(codeOf([set(object, change)]), 'consent-missing', JSON.stringify(change));
  assert.equal(codeOf([set(object, { InternalClient: '192.168.1.3' })]), 'path-mismatch');
  done(model.apply([set(object, { Enable: 'false' })], mine));
  assert.equal(codeOf([set(object, { Enable: 'true' })]), 'consent-missing');
  assert.deepEqual(openings(), []);
  done(model.apply([set(object, { Enable: 'true', X_SLUICE_Consent: await consent({ requestId: 'r2' }) })], mine));
  assert.deepEqual(openings(), ['udp 192.168.1.2 5000']);
});

test('a request over IPv4 for a stream over IPv6 is tied by the hardware address, or not at all', async () => {
  const { consent, model, codeOf, openings } = home();
  const token = await consent();
  const six = (parameters = {}) => pinhole({ X_SLUICE_RequestFlow: flowText, X_SLUICE_Consent: token, ...parameters });
  assert.equal(codeOf([six({ DestIP: '2001:db8:100::3' })]), 'path-mismatch');
  assert.equal(codeOf([six({ DestIP: '2001:db8:100::4' })]), 'path-mismatch');
  done(model.apply([six()], mine));
  assert.deepEqual(openings(), ['udp 2001:db8:100::2 5000']);
});

test("behind a carrier's translation the device is found by its own end of the flow", async () => {
  const { consent, model, codeOf, openings } = home();
  const token = await consent();
  // The portal saw the carrier's address; both devices have their end at port 50000.
  const seen = '203.0.113.20 8443 198.51.100.1 1024';
  const six = (flow: string) => pinhole({ X_SLUICE_RequestFlow: flow, X_SLUICE_Consent: token });
  assert.equal(codeOf([six(seen)]), 'device-not-found');
  assert.equal(codeOf([six(`${seen} 192.168.1.2 50001`)]), 'device-not-found');
  assert.equal(codeOf([six(`${seen} 192.168.1.3 50000`)]), 'path-mismatch');
  assert.equal(codeOf([six(`203.0.113.20 443 198.51.100.1 1024 192.168.1.2 50000`)]), 'device-not-found');
  done(model.apply([six(`${seen} 192.168.1.2 50000`)], mine));
  assert.deepEqual(openings(), ['udp 2001:db8:100::2 5000']);
});

test('a request over UDP, as a phone registers: its flow is one of UDP, and none of TCP counts for it', async () => {
  const { consent, model, codeOf, dataPlane, openings } = home();
  const token = await consent();
  const over = (transport: string) =>
    asked(token, { X_SLUICE_RequestFlow: `203.0.113.20 5060 203.0.113.1 40002${transport}` });
  // Another device's TCP connection has the same ends.
  const flow = (transport: 'tcp' | 'udp', address: string) =>
    dataPlane.flows.push({
      flow: { transport, original: { from: { address, port: 5060 }, to: { address: '203.0.113.20', port: 5060 } } },
      observed: { address: '203.0.113.1', port: 40_002 },
    });
  flow('tcp', '192.168.1.3');
  assert.equal(codeOf([over(' udp')]), 'device-not-found');
  flow('udp', '192.168.1.2');
  assert.equal(codeOf([over('')]), 'path-mismatch');
  done(model.apply([over(' udp')], mine));
  assert.deepEqual(openings(), ['udp 192.168.1.2 5000']);
});

test("over UDP too, behind a carrier's translation, the device's own end of the flow finds it", () => {
  const { model, dataPlane, codeOf } = home({ consent: 'preferred' });
  const original = { from: { address: '192.168.1.2', port: 5060 }, to: { address: '203.0.113.20', port: 5060 } };
  dataPlane.flows.push({ flow: { transport: 'udp', original }, observed: { address: '203.0.113.1', port: 40_002 } });
  const seen = '203.0.113.20 5060 198.51.100.1 1024 192.168.1.2 5060';
  assert.equal(codeOf([mapping({ X_SLUICE_RequestFlow: seen })]), 'device-not-found');
  const [row = ''] = done(model.apply([mapping({ X_SLUICE_RequestFlow: `${seen} udp` })], mine));
  assert.equal(read(model, row).X_SLUICE_RequestFlow, `${seen} udp`);
});

test('devices behind one hardware address, as a repeater has it, do not ask for each other', async () => {
  const { consent, codeOf, model } = home({}, [['192.168.1.2', '192.168.1.9']]);
  const token = await consent();
  assert.equal(codeOf([asked(token, { InternalClient: '192.168.1.9' })]), 'path-mismatch');
  done(model.apply([asked(token)], mine));
});

test('a device that cannot sign: its flow alone, and named; refused where a signature is required', async () => {
  const { model, clock, codeOf } = home({ consent: 'preferred', longestConsentSeconds: 100 });
  const unsigned = mapping({ X_SLUICE_RequestFlow: flowText });
  const [object = ''] = done(model.apply([unsigned], mine));
  assert.equal(read(model, object).X_SLUICE_ConsentedBy, 'flow');
  await clock.pass(50_000);
  assert.equal(codeOf([set(object, { LeaseDuration: '51' })]), 'consent-expired');
  done(model.apply([set(object, { LeaseDuration: '50' })], mine));
  // A wrong signature is never taken for none.
  const other = mapping({ X_SLUICE_RequestFlow: flowText, InternalPort: '5002', X_SLUICE_Consent: 'a.b.c' });
  assert.equal(codeOf([other]), 'consent-invalid');
  assert.equal(codeOf([mapping({ InternalPort: '5002' })]), 'consent-missing');
  assert.equal(home().codeOf([unsigned]), 'consent-missing');
});

test('openings without a request are a right of their own', () => {
  const { model, codeOf } = home({ controllers: [{ ...mine, withoutRequest: true }, theirs] });
  const [object = ''] = done(model.apply([mapping()], mine));
  assert.equal(read(model, object).X_SLUICE_ConsentedBy, 'operator');
  assert.equal(codeOf([mapping({ InternalPort: '5002' })], theirs), 'consent-missing');
});

test('a stricter policy closes what was opened under a laxer one', async () => {
  const { model, clock, dataPlane, keys } = home({
    consent: 'preferred',
    controllers: [{ ...mine, withoutRequest: true }],
  });
  done(model.apply([mapping({ X_SLUICE_RequestFlow: flowText }), mapping({ InternalPort: '6000' })], mine));
  const again = gatewayInMemory({ clock, dataPlane, keys, neighbours: addresses, policy: { consent: 'required' } });
  assert.deepEqual(again.openings.adopt(), { adopted: 0, closed: 2, unknown: 0 });
  assert.deepEqual(dataPlane.read(), []);
});

test('a forgotten device signs for nothing more', async () => {
  const { consent, codeOf, keys } = home();
  assert.ok(keys.forget(tv.applianceId));
  assert.equal(codeOf([asked(await consent())]), 'consent-invalid');
});
