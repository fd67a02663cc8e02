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
