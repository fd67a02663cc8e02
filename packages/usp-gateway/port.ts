import type { UspAnswer, UspRequest } from '@sluice/wire/usp';

/** What the driver needs of a USP controller (TR-369); `UspController` of @sluice/usp-controller is one. */
export interface UspPort {
  /**
   * Resolves when the agent is online, dialling where `url` is given, to what its data model knows: names by object
   * path with `{i}`. Throws `Unreachable` or `Untrusted`.
   */
  reach(
    agentId: string,
    url: string | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly supported: ReadonlyMap<string, ReadonlySet<string>> }>;
  /** One exchange. Throws `Unreachable` when nothing was sent; anything else thrown means that it is not known. */
  request(agentId: string, request: UspRequest, signal: AbortSignal): Promise<UspAnswer>;
}
