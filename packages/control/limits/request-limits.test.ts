import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import type { ContentRequest } from '@sluice/model';
import { networkOf, RequestLimits, type RequestRates } from './request-limits.ts';

const rates: RequestRates = {
  appliance: { burst: 2, perSecond: 1 },
  gateway: { burst: 3, perSecond: 1 },
  address: { burst: 4, perSecond: 1 },
  portal: { burst: 5, perSecond: 1 },
};

function request(applianceId: string, address = '203.0.113.1', portalId = 'portal'): ContentRequest {
  return {
    requestId: 'r',
    applianceId,
    contentId: 'film',
    portalId,
    flow: { portal: { address: '203.0.113.20', port: 8443 }, observed: { address, port: 40_000 } },
    localAddresses: [],
    streams: [],
  };
}

test('each limit holds, and the refusal names it and when to try again', () => {
  const cases: [string, (n: number) => [ContentRequest, string | undefined], number, RegExp][] = [
    ['appliance', () => [request('tv'), 'home'], 2, /^the appliance tv asks too often; try again in 1 s$/],
    ['gateway', (n) => [request(`tv-${n}`), 'home'], 3, /^the home behind home asks/],
    ['address', (n) => [request(`tv-${n}`), `home-${n}`], 4, /^the address 203\.0\.113\.1 asks/],
    ['portal', (n) => [request(`tv-${n}`, `203.0.113.${n}`), `home-${n}`], 5, /^the portal portal asks/],
    ['address, of appliances that are not known', (n) => [request(`tv-${n}`), undefined], 4, /^the address/],
  ];
  for (const [title, asked, most, sentence] of cases) {
    const limits = new RequestLimits(new VirtualClock(), rates);
    for (let n = 0; n < most; n++) assert.equal(limits.admit(...asked(n)), undefined, `${title} ${n}`);
    const refusal = limits.admit(...asked(most));
    assert.equal(refusal?.code, 'rate-limited', title);
    assert.match(refusal?.message ?? '', sentence);
    assert.equal(refusal?.retryAfterSeconds, 1);
  }
});

test('what one may not, costs the others nothing; when its time has come it may again', async () => {
  const clock = new VirtualClock();
  const limits = new RequestLimits(clock, rates);
  for (let n = 0; n < 50; n++) limits.admit(request('flood'), 'home');
  assert.equal(limits.admit(request('tv'), 'home'), undefined);
  assert.equal(limits.admit(request('flood'), 'home')?.code, 'rate-limited');
  await clock.pass(1_000);
  assert.equal(limits.admit(request('flood'), 'home'), undefined);
});

test('a household that zaps through all channels for an hour is never limited', async () => {
  const clock = new VirtualClock();
  const limits = new RequestLimits(clock);
  for (let second = 0; second < 3_600; second++) {
    for (const device of ['tv', 'tablet', 'radio']) assert.equal(limits.admit(request(device), 'home'), undefined);
    await clock.pass(1_000);
  }
});

test('an IPv6 host has a whole network of addresses, which count as one', () => {
  assert.equal(networkOf('203.0.113.1'), '203.0.113.1');
  assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  assert.equal(networkOf('2001:db8:1:2::1'), networkOf('2001:db8:1:2:ffff::9'));
  assert.notEqual(networkOf('2001:db8:1:2::1'), networkOf('2001:db8:1:3::1'));
});
