import type { BuiltNetwork } from './build.ts';
import { apiOf } from './configurations.ts';
import type { GatewayRow } from './foreign/gateway-row.ts';
import type { Operator } from './operator.ts';
import { type Host, hostsRunning, type Placement, pathOf } from './topology.ts';

type Placed = Host & { readonly runs: Placement };

/**
 * Registers portals, gateways and appliances as the topology has them: each gateway behind the next one further out.
 * `rowOf`: what stands on a gateway's host in place of our agent.
 */
export async function register(
  network: BuiltNetwork,
  operator: Operator,
  rowOf: (host: Placed) => GatewayRow | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { topology } = network;
  const put = async (kind: 'portals' | 'gateways' | 'appliances', { runs }: Placed, json: unknown): Promise<void> => {
    const path = `${kind}/${encodeURIComponent(runs.endpointId)}`;
    const { status, body } = await operator.ask('PUT', `${apiOf(network)}/v1/${path}`, json, signal);
    if (status >= 300) throw new Error(`registering ${path}: ${status} ${JSON.stringify(body)}`);
  };
  const remotes = hostsRunning(topology, 'media-server').flatMap(({ name }) => Object.values(network.addresses(name)));
  for (const host of hostsRunning(topology, 'portal')) await put('portals', host, { remotes });
  const gateways = hostsRunning(topology, 'gateway');
  const outermostFirst = gateways.toSorted((a, b) => pathOf(topology, a.name).length - pathOf(topology, b.name).length);
  for (const host of outermostFirst) {
    const row = rowOf(host);
    const behind = pathOf(topology, host.name)[0]?.runs.endpointId;
    const known = row ? { type: row.type, communication: row.communication(network, host.name) } : { type: 'sluice' };
    await put('gateways', host, { ...known, ...(behind !== undefined && { behind }) });
  }
  for (const host of hostsRunning(topology, 'appliance'))
    await put('appliances', host, { gatewayId: pathOf(topology, host.name)[0]?.runs.endpointId });
}

/** Waits until the configuration server knows a gateway's global addresses. */
export async function awaitGateway(
  network: BuiltNetwork,
  operator: Operator,
  endpointId: string,
  signal: AbortSignal,
): Promise<void> {
  const url = `${apiOf(network)}/v1/gateways/${encodeURIComponent(endpointId)}`;
  for (;;) {
    const { body } = await operator.ask('GET', url, undefined, signal);
    const view = body as { online?: boolean; global?: readonly string[] } | undefined;
    if (view?.online && (view.global?.length ?? 0) > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
