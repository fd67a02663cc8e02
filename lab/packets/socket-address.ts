import { addressBytes, type Endpoint, familyOf } from '@sluice/model';

/** Address families of Linux. */
export const addressFamily = { inet: 2, inet6: 10, packet: 17 } as const;

/** struct sockaddr_in or sockaddr_in6 of an endpoint. */
export function socketAddress({ address, port }: Endpoint): Buffer {
  const v4 = familyOf(address) === 4;
  const bytes = Buffer.alloc(v4 ? 16 : 28);
  bytes.writeUInt16LE(v4 ? addressFamily.inet : addressFamily.inet6, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(addressBytes(address), v4 ? 4 : 8);
  return bytes;
}
