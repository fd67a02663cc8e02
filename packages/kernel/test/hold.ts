/** A process of the lab tests: opens what it is told in its namespace, says so, and waits to be killed. */
import { type Change, openDataPlane } from '../index.ts';

const change: Change = JSON.parse(process.argv[2] ?? '');
const plane = openDataPlane({ mode: process.argv[3] === 'auto' ? 'auto' : 'owner' });
plane.load({ wan: ['wan0'], lan: ['lan0'] });
const failure = plane.commit(change);
if (failure) throw new Error(JSON.stringify(failure));
console.log(JSON.stringify({ ready: 'held' }));
setInterval(() => {}, 1_000_000);
