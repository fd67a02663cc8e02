const instanceId = /^(?:[A-Za-z0-9\-._]|%[0-9A-Fa-f]{2})+$/;
/** R-ARC.6, in characters: an octet in percent encoding is three. */
const longestInstanceId = 50;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const empty = /^$/;
/** RFC 3986 unreserved characters: ids stand in certificates, URLs, logs and the kernel's tables. */
const upToSix = /^[A-Za-z0-9\-._~]{0,6}$/;

/** Authority ids by scheme (TR-369 "Endpoint Identifier"). */
const authorityIds: Readonly<Record<string, RegExp>> = {
  oui: /^(?:[0-9A-F]{6}|[0-9A-F]{7}|[0-9A-F]{9})$/i,
  cid: /^[0-9A-F]{6}$/i,
  pen: /^[1-9][0-9]{0,9}$/,
  self: upToSix,
  user: upToSix,
  proto: upToSix,
  doc: upToSix,
  os: empty,
  ops: empty,
  uuid: empty,
  imei: empty,
  fqdn: empty,
};

/** Whether a text is a USP endpoint id, "self::gateway-1" (TR-369 R-ARC.5, R-ARC.6). */
export function isEndpointId(text: string): boolean {
  const first = text.indexOf(':');
  const second = text.indexOf(':', first + 1);
  if (first < 0 || second < 0) return false;
  const scheme = text.slice(0, first);
  const instance = text.slice(second + 1);
  const authority = Object.hasOwn(authorityIds, scheme) ? authorityIds[scheme] : undefined;
  if (!authority?.test(text.slice(first + 1, second))) return false;
  if (instance.length > longestInstanceId) return false;
  return scheme === 'uuid' ? uuid.test(instance) : instanceId.test(instance);
}
