import type { RemoteResult, SshLink } from './port.ts';
import { type RemoteRequest, remoteCommand, remoteInput } from './remote-command.ts';

/** Runs the remote command. Throws as {@link SshLink.run} does. */
export function remotely(link: SshLink, request: RemoteRequest, signal: AbortSignal): Promise<RemoteResult> {
  return link.run(remoteCommand, remoteInput(request), signal);
}

/** The first line of what nft(8) said, without the place that it names. */
export function firstLine(stderr: string): string {
  return (stderr.split('\n')[0] ?? '').replace(/^\/dev\/stdin:\S+ /, '').slice(0, 200) || 'it does not say why';
}
