/** `ExpiryDate` of a rule that stays until it is deleted (TR-181). */
export const never = '9999-12-31T23:59:59Z';

/** A moment, in milliseconds since 1970, as a dateTime of whole seconds (TR-106 3.2). */
export function dateTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/**
 * Reads a dateTime that names its time zone; undefined for any other, and for the time of a device that knows none
 * (TR-106 3.2.1: the year 1, and years from it where it counts since it started).
 */
export function momentIn(text: string): number | undefined {
  const isWhole = /^(?!00)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.test(text);
  const ms = isWhole ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
