import { buildNetwork } from '../build.ts';
import { mediaCache } from '../cache.ts';
import type { Overrides } from '../configurations.ts';
import type { GatewayRow } from '../foreign/gateway-row.ts';
import { type Deployment, deploy } from '../parts.ts';
import { homes } from '../topologies/home.ts';
import type { Topology } from '../topology.ts';

/**
 * One home with every part running, for a test: its namespaces begin with `prefix`. `gateway` stands there in place of
 * our agent. Disposing takes all down.
 */
export async function deployedHome(
  prefix: string,
  overrides: Overrides,
  signal: AbortSignal,
  gateway?: GatewayRow,
): Promise<Deployment> {
  return await deployed(homes(1, gateway?.internet), prefix, overrides, signal, gateway);
}

/** The same in any topology. */
export async function deployed(
  topology: Topology,
  prefix: string,
  overrides: Overrides,
  signal: AbortSignal,
  gateway?: GatewayRow,
): Promise<Deployment> {
  const network = await buildNetwork(topology, prefix, signal);
  try {
    const cache = mediaCache();
    const deployment = await deploy(network, { overrides, gateway, ...(cache === undefined ? {} : { cache }) }, signal);
    return {
      ...deployment,
      async [Symbol.asyncDispose]() {
        await deployment[Symbol.asyncDispose]();
        await network[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await network[Symbol.asyncDispose]();
    throw error;
  }
}
