import { besideVariable } from './beside.ts';

// What holds where the gateway is alone holds beside another firewall too: the same tests, once more.
process.env[besideVariable] = 'household';
for (const name of ['opening', 'shapes', 'shared-ports', 'stream-types', 'protocols', 'icmp', 'adoption'])
  await import(`./${name}.lab.test.ts`);
