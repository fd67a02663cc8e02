import type { Chance } from '../chance.ts';
import type { Element, TreeFormat } from '../mutate/tree.ts';

/** Elements of the protobuf wire format; the head is the tag. Contents that look like messages are read as such. */
export const protobuf: TreeFormat = { read: (bytes) => readMessage(bytes, 0), write };

const lengthDelimited = 2;
const deepest = 12;

function readMessage(bytes: Uint8Array, depth: number): readonly Element[] | undefined {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tagEnd = endOfVarint(bytes, at);
    if (tagEnd === undefined) return undefined;
    const head = bytes.subarray(at, tagEnd);
    const end = endOfContent(bytes, tagEnd, (head[0] ?? 0) & 7);
    if (!end || end.end > bytes.length) return undefined;
    const content = bytes.subarray(end.start, end.end);
    const isNest = ((head[0] ?? 0) & 7) === lengthDelimited && content.length > 1 && depth < deepest;
    elements.push({ head, content: (isNest && readMessage(content, depth + 1)) || content });
    at = end.end;
  }
  return elements;
}

function endOfContent(bytes: Uint8Array, start: number, type: number): { start: number; end: number } | undefined {
  if (type === 1) return { start, end: start + 8 };
  if (type === 5) return { start, end: start + 4 };
  if (type !== 0 && type !== lengthDelimited) return undefined;
  const end = endOfVarint(bytes, start);
  if (end === undefined) return undefined;
  if (type === 0) return { start, end };
  let length = 0;
  for (let at = end - 1; at >= start; at--) length = length * 128 + ((bytes[at] ?? 0) & 0x7f);
  return { start: end, end: end + length };
}

function endOfVarint(bytes: Uint8Array, start: number): number | undefined {
  for (let at = start; at < bytes.length && at < start + 10; at++) if ((bytes[at] ?? 0) < 0x80) return at + 1;
  return undefined;
}

function write(head: Uint8Array, content: Uint8Array, lie: number, chance: Chance): Uint8Array {
  // A lie may also be in how a number is written.
  const tag = lie !== 0 && chance.oneIn(3) ? padded(head, chance) : head;
  if (((head[0] ?? 0) & 7) !== lengthDelimited) return Buffer.concat([tag, content]);
  if (lie !== 0 && chance.oneIn(3)) return Buffer.concat([tag, padded(varint(content.length), chance), content]);
  return Buffer.concat([tag, varint(content.length + lie), content]);
}

function varint(value: number): Uint8Array {
  if (value >= 0 && value < 0x80) return Uint8Array.of(value);
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  for (; left > 0x7fn; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  bytes.push(Number(left));
  return Uint8Array.from(bytes);
}

/** The same number in more bytes than it needs, up to ten. */
function padded(bytes: Uint8Array, chance: Chance): Uint8Array {
  const made = new Uint8Array(Math.max(bytes.length, Math.min(10, bytes.length + chance.size(8)))).fill(0x80);
  made.set(bytes);
  if (made.length === bytes.length) return made;
  made[bytes.length - 1] = (made[bytes.length - 1] ?? 0) | 0x80;
  made[made.length - 1] = 0;
  return made;
}
