import koffi from 'koffi';

const libc = koffi.load(null);

/** The calls that raw packets need and Node has no door to. Each gives back -1 on failure; see {@link call}. */
export const socket: (domain: number, type: number, protocol: number) => number = libc.func(
  'int socket(int domain, int type, int protocol)',
);
export const bind: (fd: number, address: Uint8Array, length: number) => number = libc.func(
  'int bind(int fd, const uint8_t *address, uint32_t length)',
);
export const listen: (fd: number, backlog: number) => number = libc.func('int listen(int fd, int backlog)');
export const connect: (fd: number, address: Uint8Array, length: number) => number = libc.func(
  'int connect(int fd, const uint8_t *address, uint32_t length)',
);
export const sendto: (
  fd: number,
  bytes: Uint8Array,
  length: number,
  flags: number,
  to: Uint8Array,
  toLength: number,
) => number = libc.func(
  'intptr_t sendto(int fd, const uint8_t *bytes, size_t length, int flags, const uint8_t *to, uint32_t toLength)',
);
export const recvfrom: (
  fd: number,
  bytes: Uint8Array,
  length: number,
  flags: number,
  from: Uint8Array,
  fromLength: Uint32Array,
) => number = libc.func(
  'intptr_t recvfrom(int fd, _Out_ uint8_t *bytes, size_t length, int flags, _Out_ uint8_t *from, _Inout_ uint32_t *fromLength)',
);
export const setsockopt: (fd: number, level: number, name: number, value: Uint8Array, length: number) => number =
  libc.func('int setsockopt(int fd, int level, int name, const uint8_t *value, uint32_t length)');
export const close: (fd: number) => number = libc.func('int close(int fd)');
export const setns: (fd: number, kind: number) => number = libc.func('int setns(int fd, int kind)');
export const interfaceIndex: (name: string) => number = libc.func('uint32_t if_nametoindex(const char *name)');

/** A call that the kernel refused. */
export class SystemCallFailed extends Error {
  readonly errno: number;
  constructor(name: string, errno: number) {
    super(`${name} failed with errno ${errno}`);
    this.name = 'SystemCallFailed';
    this.errno = errno;
  }
}

/** `result` unless it says failure. Throws SystemCallFailed with the name of the call just made. */
export function call(name: string, result: number): number {
  if (result < 0) throw new SystemCallFailed(name, koffi.errno());
  return result;
}

/** errno of the call just made. */
export function lastErrno(): number {
  return koffi.errno();
}
