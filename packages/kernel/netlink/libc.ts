import koffi from 'koffi';

const libc = koffi.load(null);

/** The socket calls that Node has no door to. Each gives back -1 with {@link lastErrno} on failure. */
export const socket: (domain: number, type: number, protocol: number) => number = libc.func(
  'int socket(int domain, int type, int protocol)',
);
export const bind: (fd: number, address: Uint8Array, length: number) => number = libc.func(
  'int bind(int fd, const uint8_t *address, uint32_t length)',
);
export const send: (fd: number, bytes: Uint8Array, length: number, flags: number) => number = libc.func(
  'intptr_t send(int fd, const uint8_t *bytes, size_t length, int flags)',
);
export const recvmmsg: (fd: number, messages: Uint8Array, count: number, flags: number, timeout: null) => number =
  libc.func('int recvmmsg(int fd, uint8_t *messages, unsigned int count, int flags, void *timeout)');
export const setsockopt: (fd: number, level: number, name: number, value: Uint8Array, length: number) => number =
  libc.func('int setsockopt(int fd, int level, int name, const uint8_t *value, uint32_t length)');
export const getsockname: (fd: number, address: Uint8Array, length: Uint32Array) => number = libc.func(
  'int getsockname(int fd, _Out_ uint8_t *address, _Inout_ uint32_t *length)',
);
/** With the commands whose argument is a whole number. */
export const fcntl: (fd: number, command: number, type: 'int', value: number) => number = libc.func(
  'int fcntl(int fd, int command, ...)',
);
export const close: (fd: number) => number = libc.func('int close(int fd)');

/** errno of the call just made. */
export function lastErrno(): number {
  return koffi.errno();
}

/** Where a buffer's bytes are in memory, for structures that point to it. It must stay alive as long as they. */
export function addressOf(buffer: Buffer): bigint {
  return koffi.address(buffer);
}
