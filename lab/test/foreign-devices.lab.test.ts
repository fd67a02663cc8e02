import { filmArrives } from './foreign-film.ts';
import { deviceRows } from './foreign-rows.ts';

for (const [name, row] of deviceRows) filmArrives(name, row);
