import { splitInside } from '../topologies/split-inside.ts';
import { film, hopsFail } from './failing-hops.ts';

hopsFail('hopinsid', splitInside.topology(), ['gateway-1', 'firewall-1'], film);
