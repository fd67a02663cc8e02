import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { inNamespace } from '../../../lab/packets/index.ts';
import { asTheHouseholdSays, guestHome, keepsWatch, openingsHold, ordinaryTraffic } from './guest-home.ts';

const limit = { timeout: 120_000 };
/** As fw4 says it to nft(8) each time: what was in its table goes, in the same transaction. */
const fw4 = `table inet fw4\nflush table inet fw4\n${readFileSync(join(import.meta.dirname, 'fw4.nft'), 'utf8')}`;

test(
  "beside OpenWrt's own rules: home and port forwards as they say, openings hold, a reload takes nothing",
  limit,
  async (t) => {
    const load = (namespace: string) =>
      inNamespace(namespace, () => void execFileSync('nft', ['-f', '-'], { input: fw4 }));
    await using guest = await guestHome('fw4', async (network) => {
      load(network.namespace('gateway-1'));
      return { async [Symbol.asyncDispose]() {} };
    });
    const { home } = guest;
    const gateway = home.network.namespace('gateway-1');
    assert.deepEqual(await ordinaryTraffic(home), asTheHouseholdSays);
    assert.equal(home.load(), 'loaded');
    const { standing } = inNamespace(gateway, () => home.plane.check());
    assert.deepEqual(standing, {
      mode: 'guest',
      beside: ['fw4'],
      hooks: [{ family: 'inet', table: 'fw4', name: 'forward' }],
    });
    assert.deepEqual(await ordinaryTraffic(home), asTheHouseholdSays);
    await openingsHold(home);
    using watch = keepsWatch(home);
    load(gateway);
    while (!watch.looks.some(({ putBack }) => putBack === 'hooks'))
      await setTimeout(5, undefined, { signal: t.signal });
    assert.deepEqual(await ordinaryTraffic(home), asTheHouseholdSays);
    await openingsHold(home);
  },
);
