/** Octets from a device that are no CWMP message: what is wrong, in words. */
export class CwmpMalformed extends Error {
  override readonly name = 'CwmpMalformed';
}
