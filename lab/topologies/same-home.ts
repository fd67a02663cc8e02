import type { Topology } from '../topology.ts';
import { homes } from './home.ts';
import type { Scene } from './scene.ts';

/** A call that never leaves the home. */
export const sameHome: Scene = {
  name: 'same-home',
  sentence: 'Two devices in one home call each other: they take the local way, and the gateway opens nothing.',
  topology: () => withTabletCalling(homes(1)),
  session: { 4: 'call', 6: 'call' },
};

function withTabletCalling({ hosts, networks }: Topology): Topology {
  const runs = { part: 'appliance', endpointId: 'self::tablet-1', home: 'home-1' } as const;
  return { hosts: hosts.map((host) => (host.name === 'tablet-1' ? { ...host, runs } : host)), networks };
}
