import { z } from 'zod';

/** Where a part finds another: `https://host:port`, or `beside` it, in the same process. */
export const partPlace = z.string().transform((text, { addIssue }) => {
  if (text === 'beside') return text;
  const url = URL.parse(text);
  if (url?.protocol === 'https:') return url.origin;
  addIssue('an https:// URL, or "beside" for a part of the same process');
  return z.NEVER;
});
