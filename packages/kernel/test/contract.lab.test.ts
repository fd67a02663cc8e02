import { before, describe, test } from 'node:test';
import { buildNetwork } from '../../../lab/build.ts';
import { inNamespace } from '../../../lab/packets/index.ts';
import { type DataPlane, openDataPlane } from '../index.ts';
import { contract, realTime } from './contract.ts';

describe('the kernel', () => {
  let plane: DataPlane;
  before(async () => {
    const box = { hosts: [{ name: 'box' }], networks: [] };
    const network = await buildNetwork(box, 'contract', AbortSignal.timeout(20_000));
    plane = inNamespace(network.namespace('box'), () => {
      const opened = openDataPlane();
      opened.load({ wan: ['wan0'], lan: ['lan0'] });
      return opened;
    });
  });
  for (const [name, check] of contract)
    test(name, async () => {
      plane.commit({ add: [], renew: [], remove: plane.read() });
      await check({ plane, pass: realTime });
    });
});
