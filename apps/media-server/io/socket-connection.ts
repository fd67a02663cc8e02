import type { Socket } from 'node:net';
import type { ByteConnection } from '../sending/ports.ts';

/** A connected socket as the streams see it. What the peer sends is counted and thrown away. */
export function socketConnection(socket: Socket): ByteConnection {
  let piecesReceived = 0;
  socket.on('data', () => piecesReceived++);
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return {
    async write(bytes) {
      if (socket.destroyed) throw new Error('the connection is closed');
      if (socket.write(bytes)) return;
      await new Promise<void>((resolve, reject) => {
        const settle = () => {
          socket.off('drain', settle);
          socket.off('close', settle);
          if (socket.destroyed) reject(new Error('the connection is closed'));
          else resolve();
        };
        socket.on('drain', settle);
        socket.on('close', settle);
      });
    },
    end() {
      socket.end();
      return closed;
    },
    // A reset: what was opened for it is shut by now, and an end that nobody hears would keep the port pair for minutes.
    destroy: () => socket.resetAndDestroy(),
    closed,
    get bytesSent() {
      return socket.bytesWritten;
    },
    get piecesReceived() {
      return piecesReceived;
    },
  };
}
