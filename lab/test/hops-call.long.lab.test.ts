import { twoHomes } from '../topologies/two-homes.ts';
import { call, hopsFail } from './failing-hops.ts';

hopsFail('hopcall', twoHomes.topology(), ['gateway-1', 'gateway-2'], call);
