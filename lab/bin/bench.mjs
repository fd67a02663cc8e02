import { labTools, launch } from './prepare.mjs';

const usage = `Usage: npm run bench -- [options] [NAME...]

Runs the benchmarks, all or those named, and prints their figures with machine, commit and spread.

  --help            this text

Example:
  npm run bench -- request
`;

await launch({ program: 'bench/main.ts', tools: labTools, usage });
