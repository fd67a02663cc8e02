import { rowsIn, type UspPort } from '@sluice/usp-gateway';
import { getRequest } from '@sluice/wire/usp';

/**
 * The chain whose rules a controller may make, by the agent's own word (TR-181 Device.Firewall.Chain.{i}.Creator):
 * the first that is enabled and none of the gateway's own. Undefined where there is none.
 */
export async function chainAt(
  controller: UspPort,
  gatewayId: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const rows = rowsIn(await controller.request(gatewayId, getRequest(['Device.Firewall.Chain.'], 2), signal)) ?? [];
  const chains = rows.filter(({ path }) => /^Device\.Firewall\.Chain\.\d+\.$/.test(path));
  const ours = ({ Enable, Creator = 'ACS' }: Readonly<Record<string, string>>) =>
    Enable !== 'false' && (Creator === 'ACS' || Creator === 'Other');
  return chains.find(({ values }) => ours(values))?.path;
}
