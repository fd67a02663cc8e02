import { flag, netfilterFamily } from './message.ts';
import { NetlinkWriter, type Request } from './writer.ts';

const begin = 16;
const end = 17;

/**
 * One transaction of a netfilter subsystem: the kernel takes every message or none, and answers one errno for each
 * message that it refused. Message i has sequence `firstSequence + 1 + i`; the last one is acknowledged, so that
 * silence is never taken for success.
 */
export function encodeBatch(subsystem: number, messages: readonly Request[], firstSequence: number): Buffer {
  const writer = new NetlinkWriter(256 + messages.length * 160);
  const family = netfilterFamily.unspecified;
  writer.message({ type: begin, flags: flag.request, sequence: firstSequence, family, resource: subsystem });
  for (const [index, message] of messages.entries()) {
    const acknowledge = index === messages.length - 1 ? flag.ack : 0;
    const sequence = firstSequence + 1 + index;
    const flags = message.flags | flag.request | acknowledge;
    writer.message({ type: message.type, flags, sequence, family: message.family }, () => message.write(writer));
  }
  const sequence = firstSequence + 1 + messages.length;
  writer.message({ type: end, flags: flag.request, sequence, family, resource: subsystem });
  return writer.bytes();
}
