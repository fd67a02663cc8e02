import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionRequestText, readConnectionRequest } from './index.ts';

const request = { ts: 1_700_000_000, id: 1234, username: 'acs', cnonce: 'c0ffee' };
const text =
  'GET http://192.0.2.1:40000?ts=1700000000&id=1234&un=acs&cn=c0ffee&sig=B1CA4F37E8C35FF26DAE91898A50B32401CB6238 HTTP/1.1\r\n' +
  'Host: 192.0.2.1:40000\r\n\r\n';

test('a UDP connection request is signed over its values, as in the example', () => {
  assert.equal(connectionRequestText(request, '192.0.2.1:40000', 'secret'), text);
});

test('it is read by who has the password, and by nobody if a value was changed', () => {
  assert.deepEqual(readConnectionRequest(text, 'secret'), request);
  assert.equal(readConnectionRequest(text, 'another'), undefined);
  for (const [from, to] of [
    ['ts=1700000000', 'ts=1700000001'],
    ['id=1234', 'id=12345'],
    ['un=acs', 'un=ac'],
    ['cn=c0ffee', 'cn='],
    ['GET', 'PUT'],
    ['sig=B1', 'sig=B'],
    [' HTTP/1.1', ''],
  ] as const)
    assert.equal(readConnectionRequest(text.replace(from, to), 'secret'), undefined, to);
  for (let length = 0; length < text.indexOf('\r\n'); length++)
    assert.equal(readConnectionRequest(text.slice(0, length), 'secret'), undefined);
});

test('a name that a URL cannot hold is told as it is', () => {
  const odd = { ...request, username: 'a&b=c d/é' };
  assert.deepEqual(readConnectionRequest(connectionRequestText(odd, 'h:1', 's'), 's'), odd);
});
