import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type GatewayConfig, gatewayConfig } from '../config.ts';
import { type Policy, policySchema } from '../policy/policy.ts';

/** Reads a configuration file. Throws an Error that names the file and what is wrong in it. */
export function readConfig(path: string): Promise<GatewayConfig> {
  return readJson(path, gatewayConfig);
}

/**
 * The policy that holds: the file's or the configuration's, and where it names no controllers, those that the gateway
 * dials. Throws as {@link readConfig}.
 */
export async function readPolicy(config: GatewayConfig): Promise<Policy> {
  const policy = typeof config.policy === 'string' ? await readJson(config.policy, policySchema) : config.policy;
  const dialled = config.controllers.map(({ endpointId }) => ({
    endpointId,
    right: 'open' as const,
    withoutRequest: false,
  }));
  return { ...policy, controllers: policy.controllers ?? dialled };
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new Error(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`${path} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const read = schema.safeParse(json);
  if (!read.success) throw new Error(`${path}: ${z.prettifyError(read.error)}`);
  return read.data;
}
