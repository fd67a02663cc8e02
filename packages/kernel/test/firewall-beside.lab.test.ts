import { besideVariable, untranslatedVariable } from './beside.ts';

// A firewall that is no router, beside another one on the same machine.
process.env[untranslatedVariable] = 'yes';
process.env[besideVariable] = 'household';
for (const name of ['opening', 'stream-types', 'lease', 'tcp']) await import(`./${name}.lab.test.ts`);
