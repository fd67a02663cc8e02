import type { Socket } from 'node:net';
import koffi from 'koffi';

const libc = koffi.load(null);
const getsockopt: (fd: number, level: number, name: number, value: Uint8Array, length: Uint32Array) => number =
  libc.func('int getsockopt(int fd, int level, int name, _Out_ uint8_t *value, _Inout_ uint32_t *length)');

/** asm-generic/socket.h; SPARC and PA-RISC have others, and get no answer. */
const [solSocket, soPeercred] = [1, 17];

/**
 * The user whose program is at the other end of a Unix socket's connection, as the kernel says (unix(7), SO_PEERCRED);
 * undefined where that cannot be had: who may connect then says who may ask.
 */
export function peerUser(socket: Socket): number | undefined {
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd?: number } };
  if (handle?.fd === undefined || handle.fd < 0) return undefined;
  // struct ucred: process, user and group, 32 bits each.
  const value = new Uint8Array(12);
  const length = Uint32Array.of(value.length);
  if (getsockopt(handle.fd, solSocket, soPeercred, value, length) !== 0 || length[0] !== value.length) return undefined;
  return new Uint32Array(value.buffer)[1];
}
