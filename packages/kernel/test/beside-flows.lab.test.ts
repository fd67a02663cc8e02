import { besideVariable } from './beside.ts';

// What holds where the gateway is alone holds beside another firewall too: the same tests, once more.
process.env[besideVariable] = 'household';
for (const name of ['flow', 'household', 'hairpin', 'lease', 'remap', 'tcp']) await import(`./${name}.lab.test.ts`);
