import { rebootIsSurvived } from './foreign-reboot.ts';
import { deviceRows } from './foreign-rows.ts';

for (const [name, row] of deviceRows) rebootIsSurvived(name, row);
