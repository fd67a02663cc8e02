import type { Chance } from '../chance.ts';
import { flipBits, setByte } from './bytes.ts';
import type { Material, Mutator } from './mutator.ts';
import { tamperNumber } from './numbers.ts';
import { placeCharacter } from './text.ts';

/** One element of a format of nested elements, each with its length: protobuf, netlink, DER, RTCP. */
export interface Element {
  /** What stands beside the length: a tag, a type. */
  readonly head: Uint8Array;
  readonly content: Uint8Array | readonly Element[];
}

/** How a format writes nested elements. */
export interface TreeFormat {
  /** Elements one after another; undefined where the bytes are none. */
  readonly read: (bytes: Uint8Array) => readonly Element[] | undefined;
  /** One element; `lie` is added to the length that it states, and 0 for an honest one. */
  readonly write: (head: Uint8Array, content: Uint8Array, lie: number, chance: Chance) => Uint8Array;
}

/** Deepest nesting that is made. */
const mostDepth = 400;
/** Most elements that are looked at, so that a mutation stays cheap. */
const mostElements = 400;

/** Mutates the tree and writes lengths that fit it, but for one lie now and then. */
export function tree(format: TreeFormat): Mutator {
  return (input, material) => {
    const elements = format.read(input);
    if (!elements || elements.length === 0) return input;
    const { chance } = material;
    const count = Math.min(countElements(elements), mostElements);
    const edit: Edit = {
      format,
      material,
      left: chance.below(count),
      liar: chance.oneIn(4) ? chance.below(count) : -1,
    };
    const mutated = editList(elements, edit);
    return writeList(mutated, edit);
  };
}

interface Edit {
  readonly format: TreeFormat;
  readonly material: Material;
  /** Elements to pass before the one that is changed. */
  left: number;
  /** Elements to pass before the one whose length is a lie; below 0 for none. */
  liar: number;
}

function countElements(elements: readonly Element[]): number {
  let count = 0;
  const waiting = [elements];
  for (let list = waiting.pop(); list && count < mostElements; list = waiting.pop()) {
    count += list.length;
    for (const { content } of list) if (!(content instanceof Uint8Array)) waiting.push(content);
  }
  return count;
}

function editList(elements: readonly Element[], edit: Edit): readonly Element[] {
  for (const [index, element] of elements.entries()) {
    if (edit.left-- === 0) return elements.toSpliced(index, 1, ...changed(element, elements, edit));
    if (element.content instanceof Uint8Array) continue;
    const content = editList(element.content, edit);
    if (edit.left < 0) return elements.with(index, { ...element, content });
  }
  return elements;
}

/** What stands in the place of an element: none, one or several. */
function changed(element: Element, siblings: readonly Element[], { format, material }: Edit): readonly Element[] {
  const { chance } = material;
  switch (chance.below(9)) {
    case 0:
      return [];
    case 1:
      return new Array<Element>(1 + (chance.oneIn(10) ? chance.size(2048) : chance.size(3))).fill(element);
    case 2:
      return [chance.pick(siblings), element];
    case 3: {
      const donors = format.read(material.other()) ?? [];
      return donors.length > 0 ? [element, chance.pick(donors)] : [element];
    }
    case 4: {
      let nested: Element = element;
      for (let depth = chance.oneIn(4) ? chance.size(mostDepth) : chance.size(6); depth > 0; depth--)
        nested = { head: element.head, content: [nested] };
      return [nested];
    }
    case 5:
      return [{ head: chance.pick([flipBits, setByte])(element.head, material), content: element.content }];
    case 6:
      return [{ head: element.head, content: chance.oneIn(2) ? new Uint8Array() : chance.pick(siblings).content }];
    default: {
      if (!(element.content instanceof Uint8Array)) return [element, element];
      const mutate = chance.pick([flipBits, setByte, tamperNumber, placeCharacter, placeValue]);
      return [{ head: element.head, content: mutate(element.content, material) }];
    }
  }
}

const placeValue: Mutator = (_, { chance, words }) => {
  if (words.length > 0 && chance.oneIn(2)) return chance.pick(words);
  return new Uint8Array(chance.oneIn(8) ? chance.size(4096) : chance.below(20)).fill(chance.below(256));
};

function writeList(elements: readonly Element[], edit: Edit): Uint8Array {
  const { format, material } = edit;
  const { chance } = material;
  return Buffer.concat(
    elements.map(({ head, content }) => {
      const lie = edit.liar-- === 0 ? chance.pick([-4, -1, 1, 2, 4, 8, 255, 65_536, 2 ** 31, 2 ** 32]) : 0;
      return format.write(head, content instanceof Uint8Array ? content : writeList(content, edit), lie, chance);
    }),
  );
}
