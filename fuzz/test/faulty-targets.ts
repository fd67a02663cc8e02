/** Targets with one fault each, for the harness to find. */
import { promise, type Target, taken } from '../target.ts';

const sound = { mostBytes: 256, words: ['\x07'], mutators: [], seeds: [Buffer.from('a seed'), Buffer.from('another')] };
const kept: Uint8Array[] = [];

export const targets: readonly Target[] = [
  { ...sound, name: 'sound', feed: () => taken() },
  {
    ...sound,
    name: 'throws',
    feed(input) {
      if (input.includes(7)) throw new TypeError(`what is ${input.length}?`);
      return taken();
    },
  },
  {
    ...sound,
    name: 'breaks',
    async feed(input) {
      promise(!input.includes(7), 'no sevens');
      return taken();
    },
  },
  {
    ...sound,
    name: 'slow',
    feed(input) {
      const begun = process.threadCpuUsage();
      while (input.includes(7) && process.threadCpuUsage(begun).user < 40_000);
      return taken();
    },
  },
  {
    ...sound,
    name: 'hangs',
    feed(input) {
      while (input.includes(7));
      return taken();
    },
  },
  {
    ...sound,
    name: 'dies',
    feed(input) {
      if (input.includes(7)) queueMicrotask(() => Promise.reject(new Error('nobody catches this')));
      return new Promise((resolve) => setImmediate(() => resolve(taken())));
    },
  },
  {
    ...sound,
    name: 'grows',
    feed(input) {
      for (let i = 0; i < 4; i++) kept.push(Uint8Array.from(input));
      return taken();
    },
  },
];
