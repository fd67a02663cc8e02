import { launch } from './prepare.mjs';

const usage = `Usage: npm run sbom

Writes the bill of materials to stdout: every package in package-lock.json with its hash and licence, as CycloneDX 1.6 JSON.

Example:
  npm run sbom >sluice.cdx.json
`;

await launch({ program: 'lab/bill-main.ts', tools: { setpriv: 'util-linux' }, usage });
