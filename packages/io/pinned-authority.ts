import { connect, type DetailedPeerCertificate } from 'node:tls';
import { PeerUnreachable, PeerUntrusted } from './https-peer.ts';

const longestMs = 10_000;

/**
 * The CA certificate, in PEM, that the server at `origin` (`https://host:port`) shows in its chain and whose SHA-256 is
 * `fingerprint` (lower-case hexadecimal). Nothing is said to the server: it proves itself in the next connection,
 * which trusts this certificate alone. Throws {@link PeerUntrusted}, {@link PeerUnreachable}, or the signal's reason.
 */
export function readPinnedAuthority(origin: string, fingerprint: string, signal: AbortSignal): Promise<string> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const host = hostname.replace(/^\[|\]$/g, '');
    // Whoever shows another certificate is told nothing, so that it need not be verified here.
    const socket = connect({ host, port: Number(port || 443), rejectUnauthorized: false, minVersion: 'TLSv1.3' });
    const abort = () => socket.destroy(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    socket.setTimeout(longestMs, () => socket.destroy(new Error('no answer')));
    socket.once('secureConnect', () => {
      const pinned = inChain(socket.getPeerCertificate(true), fingerprint);
      if (pinned) resolve(pinned);
      else reject(new PeerUntrusted(`${origin} is not of the deployment that the token names`));
      socket.destroy();
    });
    socket.once('error', (error) =>
      reject(signal.aborted ? signal.reason : new PeerUnreachable(`${origin} does not answer: ${error.message}`)),
    );
    socket.once('close', () => {
      signal.removeEventListener('abort', abort);
      reject(new PeerUnreachable(`${origin} does not answer`));
    });
  });
}

function inChain(first: DetailedPeerCertificate, fingerprint: string): string | undefined {
  const seen = new Set<string>();
  for (let each: DetailedPeerCertificate | undefined = first; each?.raw; each = each.issuerCertificate) {
    if (seen.has(each.fingerprint256)) return undefined;
    seen.add(each.fingerprint256);
    if (each.fingerprint256.replaceAll(':', '').toLowerCase() !== fingerprint) continue;
    const lines = each.raw.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
    return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
  }
  return undefined;
}
