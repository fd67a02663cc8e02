import { connect } from 'node:net';
import { type Clock, type Endpoint, type IpAddress, parseIpAddress, wait } from '@sluice/model';
import { systemUdp } from './udp.ts';

/** What became of a packet that was sent to see whether it gets through, and the address of ours that it left from. */
export interface Trial {
  /** `sent`: who should have it must tell. `connected`: it got through. `silent`: nothing came back. `failed`: it could not be sent. */
  readonly outcome: 'sent' | 'connected' | 'silent' | 'failed';
  readonly from?: IpAddress;
}

/** A datagram may be lost: it goes out again after so many ms. */
const againMs = [0, 60, 180] as const;

/**
 * Sends a datagram to `to` three times, from a free port (of `own`, where that is given). Resolves when it has been sent,
 * or `signal` ends. Never rejects.
 */
export async function trySending(
  to: Endpoint,
  bytes: Uint8Array,
  clock: Clock,
  signal: AbortSignal,
  own?: IpAddress,
): Promise<Trial> {
  const opened = await systemUdp.open(to, own, { message() {}, refused() {} });
  if ('failed' in opened) return { outcome: 'failed' };
  using socket = opened;
  for (const [index, ms] of againMs.entries()) {
    if (index > 0) await wait(clock, ms - (againMs[index - 1] ?? 0), signal);
    if (signal.aborted) break;
    socket.send(bytes);
  }
  return { outcome: 'sent', from: socket.local.address };
}

/**
 * Connects to `to` from a free port (of `own`, where that is given) and cuts the connection. Never rejects; `signal` ends
 * the wait as `silent`.
 */
export function tryConnecting(to: Endpoint, signal: AbortSignal, own?: IpAddress): Promise<Trial> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve({ outcome: 'failed' });
    const socket = connect({ host: to.address, port: to.port, ...(own !== undefined && { localAddress: own }) });
    const settle = (outcome: Trial['outcome']) => {
      const from = parseIpAddress(socket.localAddress ?? '');
      signal.removeEventListener('abort', late);
      socket.resetAndDestroy();
      resolve({ outcome, ...(from !== undefined && { from }) });
    };
    const late = () => settle('silent');
    signal.addEventListener('abort', late, { once: true });
    socket.once('connect', () => settle('connected'));
    // Refused: somebody answered that it may not come in.
    socket.once('error', (error: NodeJS.ErrnoException) =>
      settle(error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET' ? 'silent' : 'failed'),
    );
  });
}
