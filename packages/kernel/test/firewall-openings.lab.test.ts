import { untranslatedVariable } from './beside.ts';

// What holds for a router holds for a firewall that is none: the same tests, once more.
process.env[untranslatedVariable] = 'yes';
for (const name of ['opening', 'shapes', 'stream-types', 'protocols', 'icmp', 'adoption', 'flow', 'lease', 'tcp'])
  await import(`./${name}.lab.test.ts`);
