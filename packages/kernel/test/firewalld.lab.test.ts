import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { firewallsCannotRun } from '../../../lab/foreign/firewall-files.ts';
import { type Firewalld, startFirewalld } from '../../../lab/foreign/firewalld.ts';
import { inNamespace } from '../../../lab/packets/index.ts';
import {
  asTheHouseholdSays,
  forwards,
  guestHome,
  keepsWatch,
  openingsHold,
  ordinaryTraffic,
  passesAgain,
} from './guest-home.ts';

const limit = { timeout: 120_000 };
const cannot = await firewallsCannotRun();
const files = {
  'zones/external.xml': `<?xml version="1.0" encoding="utf-8"?>
<zone><short>External</short><masquerade/><interface name="wan0"/>
${forwards.map(({ transport, port, to }) => `<forward-port port="${port}" protocol="${transport}" to-port="${to.port}" to-addr="${to.address}"/>`).join('\n')}
</zone>
`,
  'zones/internal.xml': `<?xml version="1.0" encoding="utf-8"?>
<zone><short>Internal</short><interface name="lan0"/><forward/></zone>
`,
  // firewalld lets nothing pass from zone to zone unless it is told.
  'policies/out.xml': `<?xml version="1.0" encoding="utf-8"?>
<policy target="ACCEPT"><ingress-zone name="internal"/><egress-zone name="external"/></policy>
`,
};
let firewalld: Firewalld;
let guest: Awaited<ReturnType<typeof guestHome>>;

before(async () => {
  if (cannot !== undefined) return;
  guest = await guestHome('fwd', async (network) => {
    const namespace = network.namespace('gateway-1');
    firewalld = await startFirewalld({ namespace, files }, AbortSignal.timeout(60_000));
    return firewalld;
  });
}, limit);
after(() => guest?.[Symbol.asyncDispose]());

test(
  'beside firewalld the home is as its household says, openings hold, and come back after its reload',
  limit,
  async (t) => {
    if (cannot !== undefined) return t.skip(cannot);
    const { home } = guest;
    assert.deepEqual(await ordinaryTraffic(home), asTheHouseholdSays);
    assert.equal(home.load(), 'loaded');
    const gateway = home.network.namespace('gateway-1');
    const { standing } = inNamespace(gateway, () => home.plane.check());
    assert.deepEqual(standing.mode === 'guest' && standing.beside, ['firewalld']);
    assert.deepEqual(await ordinaryTraffic(home), asTheHouseholdSays);
    await openingsHold(home);

    using watch = keepsWatch(home);
    const paths = ([4, 6] as const).map((family) => home.path(family));
    for (const path of paths) home.open(path.opening('udp'));
    await firewalld.command(['--reload'], t.signal);
    for (const { remote, global } of paths)
      await passesAgain(home, { by: 'media', from: remote, to: global }, AbortSignal.timeout(5_000));
    assert.ok(watch.looks.some(({ putBack }) => putBack === 'hooks'));
    assert.deepEqual(await ordinaryTraffic(home), asTheHouseholdSays);
    await openingsHold(home);
    assert.match(await firewalld.command(['--state'], t.signal), /running/);
  },
);
