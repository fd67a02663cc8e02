import { split } from '../topologies/split.ts';
import { film, hopsFail } from './failing-hops.ts';

hopsFail('hopsplit', split.topology(), ['firewall-1', 'gateway-1'], film);
