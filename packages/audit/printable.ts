/** A text of which nothing reaches a terminal as anything but itself: control and format characters are written as escapes. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e\p{L}\p{M}\p{N}\p{P}\p{S}]/gu, (odd) => `\\u{${odd.codePointAt(0)?.toString(16)}}`);
}
