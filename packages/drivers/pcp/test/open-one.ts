/** A program for a host of the lab: opens the opening that its argument is, tells what was granted, and closes it at SIGTERM. */
import { homeNetwork, systemClock, systemUdp } from '@sluice/io';
import type { Opening } from '@sluice/model';
import { change, grants } from '../../../port-control/test/openings.ts';
import { pcpDriver } from '../index.ts';

const opening = JSON.parse(process.argv[2] ?? '') as Opening;
const secret = Buffer.from('a secret of this television');
const world = { udp: systemUdp, clock: systemClock, home: homeNetwork, random: Math.random };
const driver = pcpDriver({ ...world, secret, lost: () => {} });
const gateway = { gatewayId: 'home-1', type: 'pcp', communication: {} } as const;
const session = await driver.connect(gateway, AbortSignal.timeout(5_000));
const [granted] = grants(await change(session, systemClock.now(), { open: [opening] }, 5_000));
const { own } = await session.addresses(AbortSignal.timeout(5_000));
process.once('SIGTERM', async () => {
  const { kind } = await change(session, systemClock.now(), { close: [granted] }, 5_000);
  process.exit(kind === 'applied' ? 0 : 1);
});
process.stdout.write(`${JSON.stringify({ ready: 'open', granted, own })}\n`);
// Until it is told to end.
setInterval(() => {}, 60_000);
