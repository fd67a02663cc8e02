/** A program for a host of the lab: prints a line for each announcement of a gateway that it hears. */
import { joinGroups } from '@sluice/io';
import { announcementIn } from '../index.ts';

const groups = ['224.0.0.1', 'ff02::1'].map((address) => ({ address, port: 5350 }));
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
await joinGroups(
  groups,
  (bytes, from) => print({ ...announcementIn(bytes), from }),
  ({ address }, reason) => print({ missed: address, reason }),
);
print({ ready: 'hearing' });
