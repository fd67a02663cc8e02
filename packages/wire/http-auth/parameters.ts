/**
 * Longest headers that are read, in characters. An answer repeats what the challenge said, at worst with a backslash
 * before every character, and adds a name, a URI and a digest: what answers a challenge that was read can be read.
 */
export const longest = { challenge: 2_048, credentials: 8_192 } as const;

/**
 * The parameters of a header such as `Digest a="b", c=d`, names in lower case; undefined where the scheme is another, the
 * text is none, or longer than `most` characters. The first of two with one name counts.
 */
export function parametersOf(scheme: string, header: string, most: number): ReadonlyMap<string, string> | undefined {
  if (header.length > most || !header.toLowerCase().startsWith(`${scheme} `)) return undefined;
  const found = new Map<string, string>();
  // One parameter, and the comma or the end after it; there are devices that leave commas out.
  const parameter = /\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]*))(?:\s*(?:,|$)|\s+)|\s*,/y;
  parameter.lastIndex = scheme.length + 1;
  while (parameter.lastIndex < header.length) {
    const match = parameter.exec(header);
    if (!match) return undefined;
    const name = match[1]?.toLowerCase();
    if (name === undefined || found.has(name)) continue;
    found.set(name, match[2] === undefined ? (match[3] ?? '') : match[2].replace(/\\(.)/g, '$1'));
  }
  return found.size === 0 ? undefined : found;
}

/** A value in quotes. */
export function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}
