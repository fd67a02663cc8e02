import { getSupportedModelRequest, getSupportedProtocolRequest } from '@sluice/wire/usp';
import type { Conversation } from './conversation.ts';
import { type SupportedModel, supportedModelIn } from './supported-model.ts';

/** An agent that is online, and what it said of itself at first contact. */
export interface AgentContact {
  readonly agentId: string;
  /** USP versions, "1.4" and the like; empty where the agent does not tell. */
  readonly versions: readonly string[];
  /** The branches that were asked for. */
  readonly supported: SupportedModel;
}

/** What to ask for at first contact. */
export interface GreetingOptions {
  /** Branches of the data model to learn, "Device.NAT." and the like. */
  readonly branches: readonly string[];
}

/** Asks a new agent what it speaks and knows, in one go. A USP Error counts as "does not tell". */
export async function greet(
  conversation: Conversation,
  { branches }: GreetingOptions,
  signal: AbortSignal,
): Promise<AgentContact> {
  const [protocol, model] = await Promise.all([
    conversation.request(getSupportedProtocolRequest(), signal),
    conversation.request(getSupportedModelRequest(branches), signal),
  ]);
  const versions =
    protocol.kind === 'response' && protocol.response.case === 'getSupportedProtocolResp'
      ? protocol.response.value.agentSupportedProtocolVersions
      : '';
  return {
    agentId: conversation.connection.peer,
    versions: versions === '' ? [] : versions.split(',').map((version) => version.trim()),
    supported: supportedModelIn(model),
  };
}
