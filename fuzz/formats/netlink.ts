import type { Element, TreeFormat } from '../mutate/tree.ts';

const netlinkHead = 16;
const netfilterHead = 4;
const attributeHead = 4;
const nestedFlag = 0x80;

/**
 * Netlink messages in a datagram, and attributes in them. A message's head is its 20 bytes with the length left 0, an
 * attribute's its two bytes of type.
 */
export const netlink: TreeFormat = {
  read(bytes) {
    const messages: Element[] = [];
    for (let at = 0; at < bytes.length; ) {
      const message = bytes.subarray(at);
      if (message.length < netlinkHead + netfilterHead) return undefined;
      const length = viewOf(message).getUint32(0, true);
      if (length < netlinkHead + netfilterHead || length > message.length) return undefined;
      const head = Uint8Array.from(message.subarray(0, netlinkHead + netfilterHead)).fill(0, 0, 4);
      const content = message.subarray(head.length, length);
      messages.push({ head, content: readAttributes(content, 0) ?? content });
      at += (length + 3) & ~3;
    }
    return messages;
  },
  write(head, content, lie) {
    const isMessage = head.length > 2;
    const length = (isMessage ? head.length : attributeHead) + content.length;
    const bytes = Buffer.alloc((length + 3) & ~3);
    if (isMessage) {
      bytes.set(head);
      bytes.writeUInt32LE((length + lie) >>> 0, 0);
    } else {
      bytes.writeUInt16LE((length + lie) & 0xffff, 0);
      bytes.set(head.subarray(0, 2), 2);
    }
    bytes.set(content, length - content.length);
    return bytes;
  },
};

function readAttributes(bytes: Uint8Array, depth: number): readonly Element[] | undefined {
  const attributes: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const attribute = bytes.subarray(at);
    if (attribute.length < attributeHead) return undefined;
    const length = viewOf(attribute).getUint16(0, true);
    if (length < attributeHead || length > attribute.length) return undefined;
    const content = attribute.subarray(attributeHead, length);
    const isNest = ((attribute[3] ?? 0) & nestedFlag) !== 0 && depth < 12;
    attributes.push({
      head: attribute.subarray(2, 4),
      content: (isNest && readAttributes(content, depth + 1)) || content,
    });
    at += (length + 3) & ~3;
  }
  return attributes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
