import { readFlow } from '../../packages/kernel/conntrack/flow.ts';
import { HeldOpenings } from '../../packages/kernel/held-openings.ts';
import { MalformedNetlink } from '../../packages/kernel/netlink/attribute.ts';
import { type Answer, decodeAnswers } from '../../packages/kernel/netlink/message.ts';
import type { NetfilterSocket } from '../../packages/kernel/netlink/socket.ts';
import { NetlinkWriter } from '../../packages/kernel/netlink/writer.ts';
import { addElement, readElements, type SetElement } from '../../packages/kernel/nftables/element.ts';
import { readTableComment } from '../../packages/kernel/nftables/table.ts';
import { ownerRuleset } from '../../packages/kernel/ruleset.ts';
import { netlink } from '../formats/netlink.ts';
import { tree } from '../mutate/tree.ts';
import { promise, promiseSame, refused, type Target, taken } from '../target.ts';
import { kernelSeeds, sampleOpenings } from './kernel-samples.ts';

/** Bytes of a comment that we write ourselves. */
const commentRoom = 120;

/** Answers of the kernel: messages, attributes, set elements, conntrack entries, and the openings that they make up. */
export const kernelAnswers: Target = {
  name: 'kernel-answers',
  mostBytes: 32 << 10,
  seeds: kernelSeeds,
  words: ['in4_sap', 'live', 'counter', '\0'],
  mutators: [tree(netlink)],
  feed(input) {
    const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
    const answers = orMalformed(() => decodeAnswers(bytes));
    if (!answers) return refused('no messages');
    const kinds = new Set<string>(answers.map(({ kind }) => kind));
    for (const answer of answers) {
      if (answer.kind !== 'message') continue;
      for (const element of orMalformed(() => readElements(answer.payload)) ?? []) {
        kinds.add(`element ${element.data !== undefined}`);
        if (Buffer.byteLength(element.comment) <= commentRoom) keepsElement({ set: 's', ...element });
      }
      const flow = orMalformed(() => readFlow(answer.payload));
      if (flow) kinds.add(`flow ${flow.original.transport}`);
      orMalformed(() => readTableComment(answer.payload));
    }
    for (const translates of [true, false]) {
      const held = new HeldOpenings(answering(answers), {
        ruleset: ownerRuleset('table', { translates, wans: ['a', 'b'] }),
      });
      for (const { held: opening } of orMalformed(() => held.all()) ?? []) kinds.add(`held ${opening.streamType}`);
      orMalformed(() => held.look(sampleOpenings));
    }
    return taken([...kinds].sort().join(' '));
  },
};

/** What a reader gives; undefined for the failure that it declares. */
function orMalformed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedNetlink) return undefined;
    throw error;
  }
}

function keepsElement(element: SetElement): void {
  const writer = new NetlinkWriter();
  writer.message({ type: 0xa0c, flags: 0, sequence: 1, family: 1 }, () => addElement('t', element).write(writer));
  const [answer] = decodeAnswers(writer.bytes());
  const [again] = answer?.kind === 'message' ? readElements(answer.payload) : [];
  promise(again !== undefined, 'an element that was read can be written and read again');
  promiseSame(again.key, element.key, 'a key stays the same');
  promiseSame(again.data ?? new Uint8Array(), element.data ?? new Uint8Array(), 'data stays the same');
  promise(again.comment === element.comment, 'a comment stays the same');
}

/** A socket whose every request is answered so. */
function answering(answers: readonly Answer[]): NetfilterSocket {
  const socket = { ask: (requests: readonly unknown[]) => requests.map(() => answers) };
  return socket as unknown as NetfilterSocket;
}
