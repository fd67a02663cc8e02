import type { Host, Topology } from '../topology.ts';
import {
  devices,
  homeNetwork,
  homePrefix6,
  type Internet,
  internetHosts,
  internetNetwork,
  onInternet,
  wayTo,
} from './pieces.ts';

/** Two boxes in a row between the internet and the first home's devices. */
export interface Row {
  /** Stands on the internet, as 203.0.113.1. */
  readonly outer: Pick<Host, 'name' | 'runs' | 'rules'>;
  /** The home's devices are behind it. */
  readonly inner: Pick<Host, 'name' | 'runs'>;
  /** The first three numbers of the IPv4 addresses between the two: the outer one's is `.1`, the inner one's `.2`. */
  readonly between: Internet;
  /** Those are public addresses, which everybody outside knows the way to. */
  readonly isPublic?: true;
  /** The inner box leaves addresses alone: the outer one knows the way to the home's private ones. */
  readonly passesHome?: true;
}

/**
 * The home's /56 begins at the outer box and is passed on to the inner one. Between the two is a `neighbour`, who knows
 * the way to the home's private addresses; media server and stranger know the way to every address inside.
 */
export function row({ outer, inner, between, isPublic, passesHome }: Row): Topology {
  const prefix = homePrefix6(1).replace(/::$/, ':f0::');
  const behindInner = { to: `${homePrefix6(1)}/64`, via: `${prefix}2` };
  const homeThroughInner = { to: '192.168.1.0/24', via: `${between}.2` };
  const island = { to: `${between}.0/24`, via: '203.0.113.1' };
  const outward = [
    { to: 'default', via: `${between}.1` },
    { to: 'default', via: `${prefix}1` },
  ];
  const inward = [wayTo(1), ...(isPublic ? [island] : [])];
  const hidden = [{ to: '192.168.1.0/24', via: '203.0.113.1' }, ...(isPublic ? [] : [island])];
  return {
    hosts: [
      { ...outer, forwards: true, routes: [behindInner, ...(passesHome ? [homeThroughInner] : [])] },
      { ...inner, forwards: true, routes: outward },
      { name: 'neighbour', routes: [...outward, behindInner, homeThroughInner] },
      ...devices(1),
      ...internetHosts(inward, hidden),
    ],
    networks: [
      homeNetwork(1, inner.name),
      {
        name: 'between',
        members: [
          // Its home is wider than this network: what is passed on to the inner box is of its home too.
          {
            host: outer.name,
            interface: 'lan0',
            addresses: [`${between}.1/${passesHome ? 23 : 24}`, `${prefix}1/56`],
          },
          { host: inner.name, interface: 'wan0', addresses: [`${between}.2/24`, `${prefix}2/64`] },
          { host: 'neighbour', interface: 'eth0', addresses: [`${between}.66/24`, `${prefix}66/64`] },
        ],
      },
      internetNetwork([onInternet(outer.name, 1, 'wan0')]),
    ],
  };
}
