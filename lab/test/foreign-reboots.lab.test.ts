import { rebootIsSurvived } from './foreign-reboot.ts';
import { inHomeRows } from './foreign-rows.ts';

for (const [name, row] of inHomeRows) rebootIsSurvived(name, row);
