import type { Mutator } from './mutator.ts';

/**
 * Mutates a text as a row of pieces, each a match of `piece`: pieces are said again, left out, exchanged, or come from
 * another input. `piece` is global and matches every text somewhere.
 */
export function pieces(piece: RegExp): Mutator {
  const cut = (bytes: Uint8Array): string[] => Buffer.from(bytes).toString('latin1').match(piece) ?? [''];
  return (input, { chance, other }) => {
    const row = cut(input);
    const at = chance.below(row.length);
    const chosen = row[at] ?? '';
    switch (chance.below(6)) {
      case 0:
        row.splice(at, 1);
        break;
      case 1:
        row.splice(at, 0, chosen.repeat(chance.oneIn(12) ? chance.size(2048) : chance.size(4)));
        break;
      case 2: {
        const place = chance.below(row.length);
        row[at] = row[place] ?? '';
        row[place] = chosen;
        break;
      }
      case 3:
        row.splice(chance.below(row.length + 1), 0, chosen);
        break;
      case 4:
        row.splice(at, chance.below(2), chance.pick(cut(other())));
        break;
      default:
        row.splice(at, chance.size(row.length));
    }
    return Buffer.from(row.join(''), 'latin1');
  };
}

/** Lines, with their ends. */
export const lines = pieces(/[^\n]*\n|[^\n]+/g);

/** Names, numbers and single marks. */
export const tokens = pieces(/[A-Za-z0-9_]+|[^A-Za-z0-9_]/g);
