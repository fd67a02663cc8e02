import { randomBytes } from 'node:crypto';
import { anyAddress, nonceLength, pcpProtocol, pcpResult } from '@sluice/wire/pcp';
import { type AskingPorts, askPcp } from './asking.ts';
import type { GatewayMemory, ServerMemory } from './memory.ts';

/** TCP port 9, discard: nothing is mapped to it. */
const neverMapped = 9;

/**
 * Whether a deletion's result says that there was nothing to delete. The standard's word for that is SUCCESS (RFC 6887
 * 15); miniupnpd's is NO_RESOURCES. A gateway that answers so to the deletion of what surely is not there means that.
 */
export async function meansNothingThere(
  result: number,
  { server, local }: { readonly server: ServerMemory; readonly local: string },
  gateway: GatewayMemory,
  ports: AskingPorts,
  signal: AbortSignal,
): Promise<boolean> {
  if (result !== pcpResult.noResources) return false;
  if (server.noResourcesMeansGone !== undefined) return server.noResourcesMeansGone;
  const mapping = {
    nonce: randomBytes(nonceLength),
    protocol: pcpProtocol.tcp,
    internalPort: neverMapped,
    externalPort: 0,
    externalAddress: anyAddress(server.server.address.includes(':') ? 6 : 4),
  };
  const question = { lifetime: 0, body: { kind: 'map', mapping }, local } as const;
  const reply = await askPcp(question, server, gateway, ports, signal);
  if (reply.kind !== 'answer' || 'otherVersion' in reply.answer) return false;
  server.noResourcesMeansGone = reply.answer.result === pcpResult.noResources;
  return server.noResourcesMeansGone;
}
