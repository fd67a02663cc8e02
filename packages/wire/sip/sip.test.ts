import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  buildSip,
  formatAddress,
  formatSipUri,
  formatVia,
  headerOf,
  headersOf,
  longestSipHead,
  parseAddress,
  parseCSeq,
  parseSip,
  parseSipUri,
  parseVia,
  responseTo,
  SipMalformed,
  type SipMessage,
  SipReader,
  withHeaderOnTop,
  withHeaders,
  withoutTop,
} from './index.ts';

const text = (...lines: string[]) => Buffer.from(lines.join('\r\n'));

/** RFC 3261 24.2, as a phone behind a gateway sends it. */
const invite = text(
  'INVITE sip:bob@biloxi.com SIP/2.0',
  'Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds8',
  'Max-Forwards: 70',
  'To: Bob <sip:bob@biloxi.com>',
  'From: Alice <sip:alice@atlanta.com>;tag=1928301774',
  'Call-ID: a84b4c76e66710@pc33.atlanta.com',
  'CSeq: 314159 INVITE',
  'Contact: <sip:alice@pc33.atlanta.com>',
  'Content-Type: application/sdp',
  'Content-Length: 4',
  '',
  'v=0\n',
);

/** RFC 4475 3.1.1.1, in short: compact names, folded lines, odd spaces. */
const tortuous = text(
  'OPTIONS sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0',
  'TO :',
  ' sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n',
  'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>',
  '  ;',
  '  tag = 98asjd8',
  'MaX-fOrWaRdS: 0068',
  'Call-ID: wsinv.ndaksdj@192.0.2.1',
  'cseq: 0009',
  '  OPTIONS',
  'Via  : SIP  /   2.0',
  ' /UDP',
  '    192.0.2.2;branch=390skdjuw',
  's :',
  'NewFangledHeader:   newfangled value',
  'v:  SIP  / 2.0  / TCP     spindle.example.com   ;',
  '  branch  =   z9hG4bK9ikj8  ,',
  ' SIP  /    2.0   / UDP  192.168.255.111   ; branch=',
  ' z9hG4bK30239',
  'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =',
  '      newvalue ;',
  '  secondparam ; q = 0.33',
  'l: 0',
  '',
  '',
);

const parsed = (bytes: Uint8Array): SipMessage => parseSip(bytes) ?? assert.fail('no message');

test('a request as in the standard', () => {
  const message = parsed(invite);
  assert.ok(message.kind === 'request');
  assert.deepEqual([message.method, message.uri], ['INVITE', 'sip:bob@biloxi.com']);
  assert.equal(headerOf(message, 'call-id'), 'a84b4c76e66710@pc33.atlanta.com');
  assert.deepEqual(parseCSeq(headerOf(message, 'CSeq') ?? ''), { number: 314_159, method: 'INVITE' });
  const from = parseAddress(headerOf(message, 'f') ?? '');
  assert.deepEqual(
    [from?.display, from?.uri, from?.params.get('tag')],
    ['Alice', 'sip:alice@atlanta.com', '1928301774'],
  );
  assert.equal(Buffer.from(message.body).toString(), 'v=0\n');
  assert.deepEqual(Buffer.from(buildSip(message)).toString(), invite.toString());
});

test('a tortuous one (RFC 4475 3.1.1.1)', () => {
  const message = parsed(tortuous);
  assert.equal(parseAddress(headerOf(message, 'to') ?? '')?.params.get('tag'), '1918181833n');
  const from = parseAddress(headerOf(message, 'from') ?? '');
  assert.deepEqual([from?.display, from?.params.get('tag')], ['J Rosenberg \\"', '98asjd8']);
  const vias = headersOf(message, 'Via').map(parseVia);
  assert.deepEqual(
    vias.map((via) => [via?.transport, via?.host, via?.params.get('branch')]),
    [
      ['UDP', '192.0.2.2', '390skdjuw'],
      ['TCP', 'spindle.example.com', 'z9hG4bK9ikj8'],
      ['UDP', '192.168.255.111', 'z9hG4bK30239'],
    ],
  );
  assert.deepEqual(parseCSeq(headerOf(message, 'cseq') ?? ''), { number: 9, method: 'OPTIONS' });
  const contact = parseAddress(headersOf(message, 'contact')[0] ?? '');
  assert.deepEqual([contact?.display, contact?.params.get('q')], ['Quoted string ""', '0.33']);
});

test('fields are put on top, taken off, and replaced where they stood; a response repeats what it must', () => {
  const message = parsed(invite);
  assert.ok(message.kind === 'request');
  const own = 'SIP/2.0/UDP 203.0.113.20:5060;branch=z9hG4bK1';
  const forwarded = withHeaderOnTop(message, 'Via', own);
  assert.deepEqual(headersOf(forwarded, 'via').length, 2);
  assert.equal(forwarded.headers[0]?.value, own);
  assert.deepEqual(withoutTop(forwarded, 'Via'), message);
  const fewer = withHeaders(message, 'max-forwards', ['69']);
  assert.equal(fewer.headers[1]?.value, '69');
  assert.deepEqual(headersOf(withHeaders(message, 'contact', []), 'contact'), []);
  const answer = responseTo(forwarded, 180, 'Ringing', [{ name: 'Contact', value: '<sip:b@c>' }]);
  assert.deepEqual(
    answer.headers.map(({ name }) => name),
    ['Via', 'Via', 'To', 'From', 'Call-ID', 'CSeq', 'Contact'],
  );
  assert.throws(() => buildSip(withHeaders(message, 'To', ['a\r\nVia: b'])), RangeError);
});

test('what is no message is not read', () => {
  for (const [from, to] of [
    ['INVITE sip:bob@biloxi.com SIP/2.0', 'INVITE sip:bob@biloxi.com SIP/3.0'],
    ['INVITE sip:bob@biloxi.com SIP/2.0', 'INVITE  sip:bob@biloxi.com SIP/2.0'],
    ['INVITE sip:bob@biloxi.com SIP/2.0', 'SIP/2.0 099 Less'],
    ['Max-Forwards: 70', 'Max-Forwards 70'],
    ['Max-Forwards: 70', 'Max-Forwards: 7\0'],
    ['Content-Length: 4', 'Content-Length: 5'],
    ['Content-Length: 4', 'Content-Length: -1'],
    ['Content-Length: 4', 'Content-Length: 4\r\nl: 3'],
    ['Content-Length: 4', 'Content-Length: 9999999'],
    ['Content-Length: 4', 'X: y\r\n'.repeat(130)],
    ['Max-Forwards: 70', `X: ${'y'.repeat(longestSipHead)}`],
  ] as const)
    assert.equal(parseSip(Buffer.from(invite.toString().replace(from, to))), undefined, to.slice(0, 40));
  for (let length = 0; length < invite.length; length++)
    assert.equal(parseSip(invite.subarray(0, length)), undefined, `cut off after ${length}`);
});

test('values that are none of their kind', () => {
  for (const via of [
    '',
    'SIP/2.0/UDP',
    'SIP/3.0/UDP a',
    'SIP/2.0/UDP a:0',
    'SIP/2.0/UDP a:65536',
    'SIP/2.0/UDP a;b;=c',
  ])
    assert.equal(parseVia(via), undefined, via);
  for (const address of ['', '*', '<>', '<sip:a@b', 'Alice', '"Alice <sip:a@b>', '<sip:a@b> tail'])
    assert.equal(parseAddress(address), undefined, address);
  for (const uri of ['', 'tel:+1', 'sip:', 'sip:@b', 'sip:a@b c', 'sip:a@b:0', 'sip:a@[b]', 'http://b'])
    assert.equal(parseSipUri(uri), undefined, uri);
  for (const cseq of ['', '1', 'INVITE', '1 invite', '2147483648 INVITE', '-1 INVITE'])
    assert.equal(parseCSeq(cseq), undefined, cseq);
});

test('fields are written as they are read', () => {
  for (const via of ['SIP/2.0/TCP [2001:db8::1]:5060;branch=z9hG4bK1;rport', 'SIP/2.0/UDP a.b;received=192.0.2.1'])
    assert.equal(formatVia(parseVia(via) ?? assert.fail()), via);
  for (const uri of ['sip:alice@192.0.2.1:5062;transport=tcp;ob', 'sips:home.example', 'sip:a%20b@[2001:db8::1]'])
    assert.equal(formatSipUri(parseSipUri(uri) ?? assert.fail()), uri);
  for (const address of ['"A \\"B\\" C" <sip:a@b>;tag=1', '<sip:a@b;lr>'])
    assert.equal(formatAddress(parseAddress(address) ?? assert.fail()), address);
  assert.deepEqual(parseAddress('sip:a@b;tag=1')?.params.get('tag'), '1');
});

test('a connection: the octets mean the same however they arrive', () => {
  const ping = Buffer.from('\r\n\r\n');
  const bytes = Buffer.concat([invite, ping, invite, Buffer.from('\r\n'), tortuous]);
  const kindsOf = (parts: readonly Uint8Array[]) => {
    const reader = new SipReader();
    return parts.flatMap((part) => reader.push(part)).map(({ kind }) => kind);
  };
  const whole = kindsOf([bytes]);
  assert.deepEqual(whole, ['request', 'keep-alive', 'request', 'request']);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 8 }), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const parts = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
      assert.deepEqual(
        kindsOf(parts).filter((kind) => kind !== 'keep-alive'),
        whole.filter((kind) => kind !== 'keep-alive'),
      );
    }),
  );
});

test('a connection that says what is no SIP, or where no end is told, is of no more use', () => {
  for (const bytes of [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.from(invite.toString().replace('Content-Length: 4\r\n', '')),
    Buffer.from('x'.repeat(longestSipHead + 2)),
  ])
    assert.throws(() => new SipReader().push(bytes), SipMalformed);
});
