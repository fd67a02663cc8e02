/** An element as nft(8) lists it. */
export interface ListedElement {
  /** The fields of its key, in order. */
  readonly key: readonly string[];
  /** The fields of a map's data. */
  readonly data: readonly string[];
  readonly comment?: string;
  /** Left of its time, ms. */
  readonly expiresMs?: number;
  readonly packets?: number;
  readonly bytes?: number;
}

/** The listing is not one of nft(8). */
export class ListingMalformed extends Error {
  override readonly name = 'ListingMalformed';
}

/** Reads what `list set` and `list map` write, by name. Throws {@link ListingMalformed}. */
export function readListing(text: string): ReadonlyMap<string, readonly ListedElement[]> {
  const found = new Map<string, readonly ListedElement[]>();
  const heads = [...text.matchAll(/^\s*(?:set|map) (\S+) \{$/gm)];
  for (const [index, head] of heads.entries()) {
    const body = text.slice(head.index + head[0].length, heads[index + 1]?.index ?? text.length);
    const start = body.search(/^\s*elements = \{/m);
    found.set(head[1] ?? '', start < 0 ? [] : readElements(body.slice(body.indexOf('{', start) + 1)));
  }
  return found;
}

/** Words, commas, colons and quoted text; whatever else stands there is no listing. */
const token = /\s*(?:"([^"\n]*)"|([^\s",{}]+)|([,}]))/y;

function readElements(body: string): ListedElement[] {
  const elements: ListedElement[] = [];
  let words: { readonly text: string; readonly quoted: boolean }[] = [];
  token.lastIndex = 0;
  for (;;) {
    const match = token.exec(body);
    if (!match) throw new ListingMalformed('the elements do not end');
    const [, quoted, word, end] = match;
    if (quoted !== undefined) words.push({ text: quoted, quoted: true });
    else if (word !== undefined) words.push({ text: word, quoted: false });
    else {
      if (words.length > 0) elements.push(readElement(words));
      words = [];
      if (end === '}') return elements;
    }
  }
}

function readElement(words: readonly { readonly text: string; readonly quoted: boolean }[]): ListedElement {
  const [key, rest] = fields(words, 0);
  let at = rest;
  let data: readonly string[] = [];
  const element: { comment?: string; expiresMs?: number; packets?: number; bytes?: number } = {};
  while (at < words.length) {
    const { text, quoted } = words[at] ?? { text: '', quoted: true };
    const value = words[at + 1]?.text ?? '';
    if (quoted) throw new ListingMalformed(`"${text}" stands alone`);
    switch (text) {
      case 'timeout':
        at += 2;
        break;
      case 'expires':
        element.expiresMs = milliseconds(value);
        at += 2;
        break;
      case 'comment':
        element.comment = value;
        at += 2;
        break;
      case 'counter':
        at += 1;
        break;
      case 'packets':
      case 'bytes':
        element[text] = whole(value);
        at += 2;
        break;
      case ':':
        [data, at] = fields(words, at + 1);
        break;
      default:
        throw new ListingMalformed(`${text} is not known`);
    }
  }
  return { key, data, ...element };
}

/** `a . b . c`: the fields, and where they end. */
function fields(words: readonly { readonly text: string }[], from: number): [readonly string[], number] {
  const read: string[] = [];
  let at = from;
  for (;;) {
    const word = words[at]?.text;
    if (word === undefined) throw new ListingMalformed('a field is missing');
    read.push(word);
    if (words[at + 1]?.text !== '.') return [read, at + 1];
    at += 2;
  }
}

const units: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** `1h2m3s4ms`. */
function milliseconds(text: string): number {
  const parts = [...text.matchAll(/(\d+)(ms|[dhms])/g)];
  if (parts.map(([part]) => part).join('') !== text) throw new ListingMalformed(`${text} is no time`);
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ''] ?? 0), 0);
}

function whole(text: string): number {
  if (!/^\d{1,20}$/.test(text)) throw new ListingMalformed(`${text} is no number`);
  return Number(text);
}
