/** What a row's description begins with where it is an opening of ours; its id follows. */
const mark = 'sluice-';

/** The description of an opening's row, and of its rule: what it is known by, whatever instance number it has. */
export function descriptionOf(id: string): string {
  return `${mark}${id}`;
}

/** The opening that a description names; undefined where it is none of ours. */
export function idIn(description: string): string | undefined {
  return description.startsWith(mark) && description !== mark ? description.slice(mark.length) : undefined;
}
