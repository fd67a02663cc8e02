import { launch } from './prepare.mjs';

const usage = `Usage: npm run fuzz -- [options] [TARGET...]

Tries every parser of bytes from outside, or those named, with mutated input: nothing but the declared failure may come
out, in bounded time and memory. Inputs that once failed come first; new ones are kept in fuzz/corpus.

  --minutes N       how long in all (default 2; 0 tries the corpus and the seeds alone)
  --seed TEXT       the same seed makes the same inputs
  --help            this text

Example:
  npm run fuzz -- --minutes 10 usp-record usp-message
`;

await launch({ program: 'fuzz/main.ts', tools: { setpriv: 'util-linux' }, usage });
