import { launch, testTools } from './prepare.mjs';

const usage = `Usage: npm test -- [options] [FILTER...]

Runs the tests: the pure ones, then those that need networks of their own. The last line counts them.

  --long            also the tests that take minutes (*.long.test.ts)
  FILTER            only files whose path contains one of these
  --help            this text

Example:
  npm test -- packages/kernel lab/test/once
`;

await launch({ program: 'lab/tests.ts', tools: testTools, usage });
