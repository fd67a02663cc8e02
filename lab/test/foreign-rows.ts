import type { GatewayRow } from '../foreign/gateway-row.ts';
import { cwmpRow, gatewayRows } from '../gateway-rows.ts';

/** Every foreign gateway that a home of the lab is tried with, and how a test calls it. */
export const foreignRows: readonly (readonly [name: string, row: GatewayRow])[] = [
  ...gatewayRows.map((row) => [row.type, row] as const),
  ['cwmp with TR-098', cwmpRow('tr-098')],
];
