/** Types of USP values, all written as XML Schema text (TR-106 2.3). */
export type LexicalType =
  | 'string'
  | 'boolean'
  | 'int'
  | 'unsignedInt'
  | 'long'
  | 'unsignedLong'
  | 'decimal'
  | 'dateTime'
  | 'base64'
  | 'hexBinary';

const integerBounds = {
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  unsignedInt: [0n, 2n ** 32n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
  unsignedLong: [0n, 2n ** 64n - 1n],
} as const;

const integerPattern = /^[+-]?\d{1,20}$/;
const decimalPattern = /^[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})$/;
const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const hexPattern = /^(?:[0-9A-Fa-f]{2})*$/;
const dateTimePattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:(Z)|([+-])(\d\d):(\d\d))?$/;

/**
 * The text in the one form that this type is compared and reported in: "1" as boolean becomes "true", "+07" as
 * int "7", moments UTC. Undefined where the text is not of the type (USP error 7011).
 */
export function canonical(type: LexicalType, text: string): string | undefined {
  switch (type) {
    case 'string':
      return text;
    case 'boolean':
      return text === 'true' || text === '1' ? 'true' : text === 'false' || text === '0' ? 'false' : undefined;
    case 'int':
    case 'unsignedInt':
    case 'long':
    case 'unsignedLong': {
      const value = readInteger(text);
      const [least, most] = integerBounds[type];
      return value !== undefined && value >= least && value <= most ? value.toString() : undefined;
    }
    case 'decimal':
      return decimalPattern.test(text) ? text : undefined;
    case 'dateTime': {
      const moment = readDateTime(text);
      return moment === undefined ? undefined : writeDateTime(moment);
    }
    case 'base64':
      return base64Pattern.test(text) ? text : undefined;
    case 'hexBinary':
      return hexPattern.test(text) ? text.toUpperCase() : undefined;
  }
}

/** A decimal integer of at most 20 digits. */
export function readInteger(text: string): bigint | undefined {
  if (!integerPattern.test(text)) return undefined;
  return BigInt(text.startsWith('+') ? text.slice(1) : text);
}

/** First and last moment whose year in UTC has four digits. */
const firstMoment = Date.parse('0000-01-01T00:00:00Z');
const lastMoment = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Milliseconds since 1970-01-01T00:00:00Z of an XML Schema dateTime; without a zone it is UTC (TR-106 2.3). Undefined
 * too where the zone carries it out of the years 0000 to 9999.
 */
export function readDateTime(text: string): number | undefined {
  const found = dateTimePattern.exec(text);
  if (!found) return undefined;
  const part = (index: number): number => Number(found[index] ?? '0');
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return undefined;
  // Date.UTC takes years 0..99 for 1900..1999, and lets days overflow into the next month.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCDate() !== day) return undefined;
  const zoneHours = part(10);
  const zoneMinutes = part(11);
  if (zoneHours > 14 || zoneMinutes > 59) return undefined;
  const zone = (zoneHours * 60 + zoneMinutes) * (found[9] === '-' ? -1 : 1);
  const fraction = Math.floor(Number(`0.${found[7] ?? '0'}`) * 1000);
  const moment = date.getTime() + ((hour * 60 + minute - zone) * 60 + second) * 1000 + fraction;
  return moment >= firstMoment && moment <= lastMoment ? moment : undefined;
}

/** A moment as dateTime in UTC; fractions of a second only where there are any. */
export function writeDateTime(moment: number): string {
  const text = new Date(moment).toISOString();
  return text.endsWith('.000Z') ? `${text.slice(0, -5)}Z` : text;
}

/**
 * Order of two values of a type: negative, 0 or positive. Both must be canonical. Strings and booleans have no
 * order in USP, only equality; here any order that tells equality.
 */
export function compare(type: LexicalType, a: string, b: string): number {
  switch (type) {
    case 'int':
    case 'unsignedInt':
    case 'long':
    case 'unsignedLong': {
      const difference = BigInt(a) - BigInt(b);
      return difference < 0n ? -1 : difference > 0n ? 1 : 0;
    }
    case 'decimal':
      return Number(a) - Number(b);
    case 'dateTime':
      return (readDateTime(a) ?? 0) - (readDateTime(b) ?? 0);
    default:
      return a === b ? 0 : a < b ? -1 : 1;
  }
}

/** Items of a comma-separated list; spaces around items do not count (TR-106 3.2.3). The empty text is the empty list. */
export function listItems(text: string): string[] {
  return text.trim() === '' ? [] : text.split(',').map((item) => item.trim());
}
