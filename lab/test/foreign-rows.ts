import type { GatewayRow } from '../foreign/gateway-row.ts';
import { cwmpRow, gatewayRows } from '../gateway-rows.ts';

type NamedRow = readonly [name: string, row: GatewayRow];

const named: readonly NamedRow[] = gatewayRows.map((row) => [row.type, row]);
const inHome = ['igd', 'pcp', 'nat-pmp'];

/** Foreign gateways that answer only inside the home, and how a test calls them. */
export const inHomeRows: readonly NamedRow[] = named.filter(([type]) => inHome.includes(type));

/** The others: the configuration server speaks to them itself. */
export const deviceRows: readonly NamedRow[] = [
  ...named.filter(([type]) => !inHome.includes(type)),
  ['cwmp with TR-098', cwmpRow('tr-098')],
];
