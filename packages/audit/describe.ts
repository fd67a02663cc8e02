import type { Line } from './line.ts';
import { printable } from './printable.ts';

/** What says nothing to a person. */
const silent = new Set(['seq', 'at', 'kind', 'prev', 'sealed']);

/** A line for a person at a terminal; nothing in it reaches the terminal as a control character. */
export function describeLine({ seq, at, kind, fields }: Line): string {
  const told = Object.entries(fields).flatMap(([name, value]) =>
    silent.has(name) ? [] : [`${plain(name)}=${text(value)}`],
  );
  return [plain(at), String(seq), plain(kind), ...told].join('  ');
}

function text(value: unknown): string {
  if (typeof value === 'string') return plain(value);
  if (Array.isArray(value)) return `[${value.map(text).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `(${Object.entries(value)
    .map(([name, inner]) => `${plain(name)}=${text(inner)}`)
    .join(' ')})`;
}

function plain(value: string): string {
  if (/^[\w:./@+[\]-]+$/.test(value)) return value;
  return printable(JSON.stringify(value));
}
