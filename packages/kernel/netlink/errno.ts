/** The kernel's error numbers that mean something here (asm-generic/errno.h; alike on x64 and arm64). */
export const errno = {
  notPermitted: 1,
  missing: 2,
  interrupted: 4,
  again: 11,
  noMemory: 12,
  exists: 17,
  invalid: 22,
  tooManyFiles: 23,
  noSpace: 28,
  messageSize: 90,
  noBuffers: 105,
} as const;

/** A call that the kernel refused as a whole; `errno` as in errno(3). */
export class NetlinkFailure extends Error {
  readonly errno: number;
  constructor(call: string, errno: number) {
    super(`netlink ${call} failed with errno ${errno}`);
    this.name = 'NetlinkFailure';
    this.errno = errno;
  }
}
