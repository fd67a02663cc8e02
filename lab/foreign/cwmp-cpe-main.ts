/** A TR-069 device as a process: `node cwmp-cpe-main.ts OPTIONS`, where it stands. Its mappings are in the kernel there. */
import { systemClock } from '@sluice/io';
import { Cpe, type CpeOptions } from '../../packages/drivers/cwmp/test/cpe/cpe.ts';
import { run } from '../run.ts';
import { type CpeInterfaces, cpeMappings, cpeRuleset } from './cwmp-cpe-files.ts';

/** What the process is told, as JSON. */
export type CpeProcessOptions = Omit<CpeOptions, 'clock' | 'onMappings'> & { readonly interfaces: CpeInterfaces };

const { interfaces, ...options } = JSON.parse(process.argv[2] ?? '') as CpeProcessOptions;
const nft = (text: string) => run(['nft', '-f', '-'], AbortSignal.timeout(5_000), text);

await nft(cpeRuleset(interfaces));
const cpe = new Cpe({
  ...options,
  clock: systemClock,
  onMappings: async (mappings, rules) => void (await nft(cpeMappings(mappings, interfaces, rules))),
});
process.once('SIGTERM', () => void cpe[Symbol.asyncDispose]().then(() => process.exit()));
// The first session ends when the ACS has nothing more to ask; by then it knows what it wants to.
await cpe.start();
process.stdout.write(`${JSON.stringify({ ready: 'cwmp-cpe', sessions: cpe.sessions })}\n`);
