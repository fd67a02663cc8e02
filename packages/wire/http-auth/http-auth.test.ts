import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  answerDigest,
  buildBasic,
  buildDigestChallenge,
  digestResponse,
  parseBasic,
  parseDigestChallenge,
  parseDigestCredentials,
} from './index.ts';

const login = { username: 'acs', password: 'secret' };
const challenge = { realm: 'gw', nonce: 'abc', algorithm: 'MD5', qop: true } as const;

test('the response to a connection request as in the example', () => {
  const header = answerDigest(challenge, { method: 'GET', uri: '/cr', cnonce: '0a4f113b' }, login);
  assert.equal(
    header,
    'Digest username="acs", realm="gw", nonce="abc", uri="/cr", response="66ba31e17f47877ec30e9b34fefd003a", qop=auth, nc=00000001, cnonce="0a4f113b"',
  );
  const said = parseDigestCredentials(header) ?? assert.fail();
  assert.equal(digestResponse(said, 'GET', 'secret'), said.response);
  assert.notEqual(digestResponse(said, 'POST', 'secret'), said.response);
  assert.notEqual(digestResponse(said, 'GET', 'Secret'), said.response);
});

test('the examples of RFC 7616 3.9.1 and RFC 2617 3.5', () => {
  const who = { username: 'Mufasa', uri: '/dir/index.html' };
  const common = { ...who, realm: 'http-auth@example.org', nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v' };
  const qop = { nc: '00000001', cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ' };
  for (const [algorithm, response] of [
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ] as const)
    assert.equal(digestResponse({ ...common, algorithm, qop }, 'GET', 'Circle of Life'), response);
  const old = {
    ...who,
    realm: 'testrealm@host.com',
    nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
    algorithm: 'MD5',
  } as const;
  assert.equal(
    digestResponse({ ...old, qop: { nc: '00000001', cnonce: '0a4f113b' } }, 'GET', 'Circle Of Life'),
    '6629fae49393a05397450978507c4ef1',
  );
  assert.equal(digestResponse(old, 'GET', 'Circle Of Life'), '670fd8c2df070c60b045671b8b24ff02');
});

test('challenges are read back, and devices write them in their own way', () => {
  for (const each of [
    { ...challenge, stale: false },
    { ...challenge, qop: false, opaque: 'o"\\,', stale: true },
    { ...challenge, algorithm: 'SHA-256', stale: false } as const,
  ])
    assert.deepEqual(parseDigestChallenge(buildDigestChallenge(each)), each);
  assert.deepEqual(parseDigestChallenge('DIGEST  realm = "a b" ,nonce=x,qop="auth-int, AUTH",,algorithm="md5",'), {
    realm: 'a b',
    nonce: 'x',
    algorithm: 'MD5',
    qop: true,
    stale: false,
  });
});

test('commas that a device leaves out are not missed', () => {
  assert.deepEqual(parseDigestChallenge('Digest qop="auth" nonce="x" opaque="o" realm="cwmp@mycpe.com"'), {
    realm: 'cwmp@mycpe.com',
    nonce: 'x',
    algorithm: 'MD5',
    qop: true,
    opaque: 'o',
    stale: false,
  });
  assert.equal(parseDigestChallenge('Digest nonce="x"qop="auth"'), undefined);
});

test('what is not spoken here is not read', () => {
  for (const header of [
    '',
    'Digest',
    'Digest ',
    'Basic realm="x"',
    'Digest realm="x"',
    'Digest nonce="x", algorithm=MD5-sess',
    'Digest nonce="x", qop="auth-int"',
    'Digest nonce="x',
    `Digest nonce="${'x'.repeat(5_000)}"`,
  ])
    assert.equal(parseDigestChallenge(header), undefined, header.slice(0, 40));
  const right = answerDigest(challenge, { method: 'GET', uri: '/', cnonce: '1' }, login);
  for (const [from, to] of [
    ['username="acs", ', ''],
    ['nonce="abc", ', ''],
    ['uri="/", ', ''],
    [/response="\w+"/, 'response="zz"'],
    ['nc=00000001', 'nc=1'],
    ['cnonce="1"', 'cnonce=""'],
    ['qop=auth', 'qop=auth-int'],
  ] as const)
    assert.equal(parseDigestCredentials(right.replace(from, to)), undefined, to || String(from));
});

test('the answer to the longest challenge that is read can be read', () => {
  const start = 'Digest nonce=n, realm=';
  const realm = '\\'.repeat(2_048 - start.length);
  assert.equal(parseDigestChallenge(`${start}${realm}x`), undefined);
  const longest = parseDigestChallenge(`${start}${realm}`) ?? assert.fail();
  assert.equal(longest.realm, realm);
  const answer = answerDigest(longest, { method: 'GET', uri: `/${'u'.repeat(1_000)}`, cnonce: 'c' }, login);
  assert.equal(parseDigestCredentials(answer)?.realm, realm);
});

test('names and passwords of any characters come through', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (name, password) => {
      const username = name.replaceAll(':', '') || 'x';
      assert.deepEqual(parseBasic(buildBasic(username, password)), { username, password });
      const header = answerDigest(challenge, { method: 'POST', uri: '/', cnonce: 'c' }, { username, password });
      const said = parseDigestCredentials(header);
      assert.equal(said?.username, username);
      assert.equal(said && digestResponse(said, 'POST', password), said?.response);
    }),
  );
});

test('any header is read or not, in time that does not explode', () => {
  const pieces = fc.constantFrom('Digest ', '"', '\\', ',', '=', 'nonce', ' ', 'x', 'realm="', 'qop=auth');
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
      parseDigestChallenge(`Digest ${parts.join('')}`);
      parseDigestCredentials(`Digest ${parts.join('')}`);
      parseBasic(`Basic ${parts.join('')}`);
    }),
  );
  assert.equal(parseDigestChallenge(`Digest ${'a'.repeat(2_000)}`), undefined);
  assert.equal(parseDigestChallenge(`Digest a="${'\\'.repeat(2_000)}`), undefined);
  assert.equal(parseDigestCredentials(`Digest ${'a'.repeat(8_000)}`), undefined);
  assert.equal(parseDigestCredentials(`Digest a="${'\\'.repeat(8_000)}`), undefined);
  for (const header of ['Basic', 'Basic !', 'Basic eA==', 'Digest eDp5'])
    assert.equal(parseBasic(header), undefined, header);
});
