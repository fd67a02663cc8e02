import type { Element, TreeFormat } from '../mutate/tree.ts';

const constructed = 0x20;
const octetString = 0x04;

/** DER elements (X.690) with tags of one byte, as certificates have them; what an OCTET STRING wraps is read too. */
export const der: TreeFormat = {
  read: (bytes) => readElements(bytes, 0),
  write(head, content, lie) {
    return Buffer.concat([head, lengthBytes(content.length + lie), content]);
  },
};

function readElements(bytes: Uint8Array, depth: number): readonly Element[] | undefined {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const head = bytes.subarray(at, at + 1);
    const first = bytes[at + 1];
    if (first === undefined || first === 0x80 || first > 0x83) return undefined;
    const more = first > 0x80 ? first - 0x80 : 0;
    const start = at + 2 + more;
    let length = more === 0 ? first : 0;
    for (const byte of bytes.subarray(at + 2, start)) length = length * 256 + byte;
    const content = bytes.subarray(start, start + length);
    if (content.length < length) return undefined;
    const tag = head[0] ?? 0;
    const isNest = ((tag & constructed) !== 0 || tag === octetString) && length > 1 && depth < 16;
    elements.push({ head, content: (isNest && readElements(content, depth + 1)) || content });
    at = start + length;
  }
  return elements;
}

function lengthBytes(length: number): Uint8Array {
  if (length >= 0 && length < 0x80) return Uint8Array.of(length);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length >>> 0);
  const from = bytes.findIndex((byte) => byte !== 0);
  const significant = bytes.subarray(from < 0 ? 3 : from);
  return Buffer.concat([Uint8Array.of(0x80 + significant.length), significant]);
}
