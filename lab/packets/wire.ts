import type { Topology } from '../topology.ts';

/** Two hosts on one cable, for tests. */
export const wire: Topology = {
  hosts: [{ name: 'one' }, { name: 'two' }],
  networks: [
    {
      name: 'wire',
      members: [
        { host: 'one', interface: 'eth0', addresses: ['10.0.0.1/24', '2001:db8::1/64'] },
        { host: 'two', interface: 'eth0', addresses: ['10.0.0.2/24', '2001:db8::2/64'] },
      ],
    },
  ],
};
