import { homes } from './home.ts';
import type { Scene } from './scene.ts';

/** A call from one home to another. */
export const twoHomes: Scene = {
  name: 'two-homes',
  sentence: 'Devices in two homes call each other: both gateways open to each other alone, and media goes directly.',
  topology: () => homes(2),
  session: { 4: 'call', 6: 'call' },
};
