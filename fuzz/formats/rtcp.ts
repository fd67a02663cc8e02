import type { Element, TreeFormat } from '../mutate/tree.ts';

/** Packets of a compound RTCP datagram (RFC 3550 6.1); the head is the two bytes before the length in words. */
export const rtcp: TreeFormat = {
  read(bytes) {
    const packets: Element[] = [];
    for (let at = 0; at < bytes.length; ) {
      const [first, second, high, low] = bytes.subarray(at, at + 4);
      if (first === undefined || second === undefined || high === undefined || low === undefined) return undefined;
      const end = at + 4 + (high * 256 + low) * 4;
      if (end > bytes.length) return undefined;
      packets.push({ head: Uint8Array.of(first, second), content: bytes.subarray(at + 4, end) });
      at = end;
    }
    return packets;
  },
  write(head, content, lie) {
    const words = Math.ceil(content.length / 4);
    const bytes = Buffer.alloc(4 + words * 4);
    bytes.set(head.subarray(0, 2));
    bytes.writeUInt16BE((words + lie) & 0xffff, 2);
    bytes.set(content, 4);
    return bytes;
  },
};
