/** The value of an Authorization header. */
export function buildBasic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

/** Name and password out of an Authorization header; undefined where it is none of Basic. */
export function parseBasic(header: string): { readonly username: string; readonly password: string } | undefined {
  const encoded = /^basic +([\w+/-]{1,1024}={0,2}) *$/i.exec(header)?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
