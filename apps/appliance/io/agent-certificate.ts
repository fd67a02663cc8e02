import { once } from 'node:events';
import { connect } from 'node:tls';
import { introductionPort } from '@sluice/api';
import { clientTls, type Identity, peerCertificate, peerIdentity, readSubject } from '@sluice/identity';
import type { IpAddress, SeenAgent } from '@sluice/model';

/**
 * Who answers at a gateway's port for introductions, by its certificate, or why nobody of ours does. Without an identity
 * nobody's word is checked. Nothing is sent beyond the handshake.
 */
export async function agentCertificate(
  address: IpAddress,
  identity: Identity | undefined,
  signal: AbortSignal,
  port: number = introductionPort,
): Promise<SeenAgent | string> {
  if (signal.aborted) return 'there was no time';
  // Its certificate names it, not the address that it happens to have in this home.
  const tls = identity
    ? { ...clientTls(identity), checkServerIdentity: () => undefined }
    : { rejectUnauthorized: false };
  const socket = connect({ host: address, port, ...tls });
  try {
    await once(socket, 'secureConnect', { signal });
    const proven = peerIdentity(socket);
    const shown = peerCertificate(socket);
    const subject = proven ?? (shown && readSubject(shown));
    if (subject?.role !== 'gateway') return `port ${port} of ${address} is no gateway agent's`;
    return { address, endpointId: subject.endpointId, isProven: proven !== undefined };
  } catch (error) {
    return `port ${port} of ${address}: ${reasonOf(signal.aborted ? signal.reason : error)}`;
  } finally {
    // What else is wrong with the connection does not matter now.
    socket.on('error', () => {});
    socket.destroy();
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
