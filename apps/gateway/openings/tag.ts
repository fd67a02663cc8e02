import { createHash } from 'node:crypto';
import { type Consent, readMark, writeMark } from '../consent/consent.ts';

/** What the kernel keeps of a row beside the opening itself: enough to know the row again after a restart. */
export interface Tag {
  readonly alias: string;
  readonly owner: string;
  readonly instance: number;
  readonly allInterfaces: boolean;
  readonly group: string | undefined;
  readonly groupOffset: 0 | 1;
  readonly description: string;
  readonly consent: Consent;
}

/** Room in the kernel's element for a tag, bytes of UTF-8. */
export const tagRoom = 120;

/**
 * "alias|owner|instance|group|description": the instance in base 36, then `*` for all interfaces, then `.` and the consent; the group with its
 * offset as last character. What does not fit is left out from the end: the description is cut, the group dropped, and
 * a long owner becomes `~` and a hash. Undefined where the alias leaves no room for that.
 */
export function writeTag(tag: Tag): string | undefined {
  const mark = writeMark(tag.consent);
  const instance = `${tag.instance.toString(36)}${tag.allInterfaces ? '*' : ''}${mark === '' ? '' : `.${mark}`}`;
  const group = tag.group === undefined ? '' : `${escapeMarks(tag.group)}${tag.groupOffset}`;
  const alias = escapeMarks(tag.alias);
  for (const ownerOf of [escapeMarks, hashOf])
    for (const kept of [group, '']) {
      const head = `${alias}|${ownerOf(tag.owner)}|${instance}|${kept}|`;
      const room = tagRoom - byteLength(head);
      if (room >= 0) return tag.description === '' ? head : head + cut(escapeMarks(tag.description), room);
    }
  return undefined;
}

/** Reads what {@link writeTag} wrote; a hashed owner becomes the one of `owners` that has this hash. Undefined for other texts. */
export function readTag(text: string, owners: readonly string[]): Tag | undefined {
  const [alias, owner, place, group, description, ...more] = text.split('|').map(unescapeMarks);
  const found = /^([0-9a-z]{1,11})(\*?)(?:\.(\w+))?$/.exec(place ?? '');
  const consent = readMark(found?.[3] ?? '');
  if (!alias || !owner || !found || !consent || group === undefined || description === undefined || more.length > 0)
    return undefined;
  const instance = Number.parseInt(found[1] ?? '', 36);
  if (!Number.isSafeInteger(instance) || instance < 1) return undefined;
  return {
    alias,
    owner: owner.startsWith('~') ? (owners.find((candidate) => hashOf(candidate) === owner) ?? owner) : owner,
    instance,
    allInterfaces: found[2] === '*',
    group: group === '' ? undefined : group.slice(0, -1),
    groupOffset: group.endsWith('1') ? 1 : 0,
    description,
    consent,
  };
}

const byteLength = (text: string) => Buffer.byteLength(text);

/** No endpoint id begins with `~`. */
const hashOf = (owner: string) => `~${createHash('sha256').update(owner).digest('base64url').slice(0, 12)}`;

// Control characters would end a text in the kernel's tools.
const escapeMarks = (text: string) =>
  text.replace(/[|%\p{Cc}]/gu, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`);

const unescapeMarks = (text: string) =>
  text.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** The longest beginning of whole characters that fits; an escape stays whole. */
function cut(text: string, room: number): string {
  let used = 0;
  let kept = '';
  for (const [unit] of text.matchAll(/%[0-9a-f]{2}|./gsu)) {
    used += byteLength(unit);
    if (used > room) break;
    kept += unit;
  }
  return kept;
}
