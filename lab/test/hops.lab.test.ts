import { row } from '../topologies/row.ts';
import { film, hopsFail } from './failing-hops.ts';

/** Two of our agents, one behind the other, both translating. */
const twoAgents = row({
  outer: { name: 'outer', runs: { part: 'gateway', endpointId: 'self::outer' } },
  inner: { name: 'inner', runs: { part: 'gateway', endpointId: 'self::inner', home: 'home-1' } },
  between: '192.168.0',
});

hopsFail('hops', twoAgents, ['inner', 'outer'], film);
