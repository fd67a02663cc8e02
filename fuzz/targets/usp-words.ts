import {
  canonical,
  compare,
  isEndpointId,
  type LexicalType,
  listItems,
  readDateTime,
  writeDateTime,
} from '@sluice/wire/usp';
import { tokens } from '../mutate/pieces.ts';
import { bytesOf, promise, refused, type Target, taken, textOf } from '../target.ts';

const types: readonly LexicalType[] = [
  ...(['string', 'boolean', 'int', 'unsignedInt', 'long', 'unsignedLong', 'decimal', 'dateTime'] as const),
  ...(['base64', 'hexBinary'] as const),
];

/** Values of USP parameters, each type tried: `canonical`, `compare`, `listItems`, moments. */
export const uspValue: Target = {
  name: 'usp-value',
  mostBytes: 4096,
  seeds: bytesOf(
    ...['true', '0', '-2147483648', '4294967295', '-9223372036854775808', '18446744073709551615', '+07', '3.14', '.5'],
    ...['2026-01-02T03:04:05Z', '2024-02-29T23:59:59.999+14:00', '0001-01-01T00:00:00'],
    ...['aGVsbG8=', 'DEADbeef', ''],
  ),
  nearSeeds: bytesOf('9999-12-31T23:59:59-14:00', '2023-02-29T00:00:00Z', 'a, b ,,c'),
  words: ['T', 'Z', '+14:00', '-', ':', '.', '==', '1970', '0000', '29', '60', ',', 'true', 'false'],
  mutators: [tokens],
  feed(input) {
    const text = textOf(input);
    let kinds = '';
    for (const type of types) {
      const value = canonical(type, text);
      if (value === undefined) continue;
      if (type !== 'string') kinds += ` ${type}`;
      promise(canonical(type, value) === value, `a canonical ${type} is its own canonical form`);
      promise(compare(type, value, value) === 0, `a ${type} equals itself`);
    }
    const moment = readDateTime(text);
    if (moment !== undefined && canonical('dateTime', text) !== undefined) {
      promise(readDateTime(writeDateTime(moment)) === moment, 'a moment is written as it was read');
    }
    const items = listItems(text);
    promise(listItems(items.join(',')).join(',') === items.join(','), 'a list is written as it was read');
    return kinds ? taken(kinds) : refused();
  },
};

/** Endpoint ids: they stand in certificates, logs, kernel tags and paths, so what is taken must be harmless there. */
export const endpointId: Target = {
  name: 'endpoint-id',
  mostBytes: 1024,
  seeds: bytesOf(
    ...['self::gateway-1', 'os::012345-ABC', 'oui:00256D:my-unique-bbf-id-42', 'cid:3AA3F8:id', 'pen:3561:id%2B1'],
    ...['uuid::f81d4fae-7dec-11d0-a765-00a0c91e6bf6', 'user:smith:1', 'fqdn::example.net', 'imei::99_000', 'doc:a:b'],
  ),
  words: ['self', 'proto', '::', ':', '%', '%41', '__proto__', 'constructor'],
  mutators: [tokens],
  feed(input) {
    const text = textOf(input);
    if (!isEndpointId(text)) return refused();
    promise(/^[\x21-\x7e]{1,100}$/.test(text), 'an endpoint id is short and of printable ASCII');
    promise(!/[|"'\\/<>,;]/.test(text), 'an endpoint id means nothing to what it is put into');
    return taken(text.slice(0, text.indexOf(':')));
  },
};
