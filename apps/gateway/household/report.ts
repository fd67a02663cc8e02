import { formatEndpoint } from '@sluice/model';
import type { HouseholdAppliances, HouseholdStatus, OpeningStatus } from './status.ts';

/** The appliances for a person at a terminal. */
export function reportAppliances({ appliances }: HouseholdAppliances): string {
  if (appliances.length === 0) return 'no appliance has introduced itself\n';
  const rows = appliances.map(({ applianceId, device, since, thumbprint }) => [applianceId, device, since, thumbprint]);
  return `${table([['APPLIANCE', 'DEVICE', 'SINCE', 'KEY'], ...rows]).join('\n')}\n`;
}

/** The status for a person at a terminal. */
export function reportStatus(status: HouseholdStatus): string {
  const { controllers, openings, paused, endpointId, audit, firewall } = status;
  const links = controllers.map(
    (controller) => `${controller.endpointId} ${controller.connected ? 'connected' : 'not connected'}`,
  );
  const lines = [
    `${endpointId}: ${paused ? 'PAUSED, nothing may open' : 'in service'}`,
    `controllers: ${links.length > 0 ? links.join(', ') : 'none'}`,
    ...(firewall ? firewallLines(firewall) : []),
    ...(audit
      ? [`audit: ${audit.seq}:${audit.hash}${audit.failing === undefined ? '' : `, NOT WRITTEN: ${audit.failing}`}`]
      : []),
    ...(openings.length === 0 ? ['nothing is open'] : table([heading, ...openings.map(rowOf)])),
  ];
  return `${lines.join('\n')}\n`;
}

function firewallLines({ mode, beside, trouble }: NonNullable<HouseholdStatus['firewall']>): string[] {
  const host = beside.length > 0 ? `guest of ${beside.join(' and ')}` : 'guest';
  return [
    `firewall: ${mode === 'owner' ? 'ours alone' : host}`,
    ...(trouble === undefined ? [] : [`TROUBLE: ${trouble}`]),
  ];
}

const heading = ['ID', 'FROM', 'TO DEVICE', 'TYPE', 'GLOBAL', 'UNTIL', 'PACKETS', 'CONSENT', 'BY'];

function rowOf(opening: OpeningStatus): string[] {
  const { remote, global, local } = opening;
  const from = remote.address === undefined ? 'anyone' : end(remote.address, remote.port);
  return [
    opening.id,
    remote.address === undefined && remote.port !== undefined ? `${from}, port ${remote.port}` : from,
    local ? formatEndpoint(local) : opening.state,
    opening.streamType,
    global ? formatEndpoint(global) : '-',
    opening.state === 'stranded' ? 'address gone' : (opening.until ?? 'for ever'),
    `${opening.packets}`,
    opening.applianceId === undefined ? opening.consent : `${opening.consent} by ${opening.applianceId}`,
    opening.owner,
  ];
}

function end(address: string, port: number | undefined): string {
  return port === undefined ? `${address}, any port` : formatEndpoint({ address, port });
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
