import type { IncomingMessage } from 'node:http';

/** A request's body; undefined where it is longer than `most` octets, or ends before it is whole. */
export function readBody(request: IncomingMessage, most: number): Promise<Buffer | undefined> {
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > most) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let octets = 0;
    const stop = () => resolve(undefined);
    request.on('data', (bytes: Buffer) => {
      octets += bytes.length;
      if (octets > most) {
        request.pause();
        stop();
      } else parts.push(bytes);
    });
    request.once('end', () => resolve(parts.length === 1 ? parts[0] : Buffer.concat(parts)));
    request.once('error', stop);
    request.once('close', stop);
  });
}
