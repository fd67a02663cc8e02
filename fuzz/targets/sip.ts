import { isDeepStrictEqual } from 'node:util';
import { readOffer, SdpMalformed, writeEnds } from '@sluice/wire/sdp';
import {
  buildSip,
  formatAddress,
  formatSipUri,
  formatVia,
  headersOf,
  longestSipHead,
  parseAddress,
  parseCSeq,
  parseSip,
  parseSipUri,
  parseVia,
  type SipMessage,
} from '@sluice/wire/sip';
import { lines, tokens } from '../mutate/pieces.ts';
import { bytesOf, promise, refused, type Target, taken } from '../target.ts';

const sdp =
  'v=0\r\no=- 1 1 IN IP4 192.168.1.2\r\ns=-\r\nc=IN IP4 192.168.1.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=sendrecv\r\n';
const head = [
  'Via: SIP/2.0/UDP 192.168.1.2:5060;branch=z9hG4bK1;rport, SIP/2.0/TCP [2001:db8::1]',
  'From: "A \\" B" <sip:alice@home.example>;tag=1',
  't: sip:bob@home.example',
  'Call-ID: 1@192.168.1.2',
  'CSeq: 1 INVITE',
  'Contact: <sip:alice@192.168.1.2:5060;ob>;expires=60',
  'Record-Route: <sip:203.0.113.20;lr>',
];
const end = { address: '203.0.113.1', port: 20_000, rtcpPort: 20_001 };

/** Datagrams of phones: `parseSip`, the fields of a message, and the offer in it. */
export const sip: Target = {
  name: 'sip',
  mostBytes: 64 << 10,
  seeds: bytesOf(
    ['INVITE sip:bob@home.example SIP/2.0', ...head, `Content-Length: ${sdp.length}`, '', sdp].join('\r\n'),
    ['SIP/2.0 200 OK', ...head, 'l: 0', '', ''].join('\r\n'),
    ['REGISTER sip:home.example SIP/2.0', ...head, 'Contact: *', 'Expires: 0', '', ''].join('\r\n'),
  ),
  words: [
    ...['SIP/2.0', 'SIP/2.0 180 Ringing', 'BYE sip:a@b SIP/2.0', 'Content-Length: ', 'l: 65536', '\r\n ', '\r\n\r\n'],
    ...[
      ';branch=',
      ';received=',
      ';rport',
      '<sip:',
      '>',
      '"',
      '\\"',
      ',',
      'm=audio 0 RTP/AVP 0',
      'a=rtcp:1',
      'a=rtcp-mux',
    ],
    ...['c=IN IP6 ::1', 'a=candidate:', 'm=video 65535/9 RTP/SAVP 96', '\u00e9', '\0'],
  ],
  mutators: [lines, tokens],
  feed(input) {
    const message = parseSip(input);
    if (!message) return refused();
    const bytes = buildSip(message);
    // What was no UTF-8, or said no Content-Length, is longer when written.
    if (bytes.length - message.body.length <= longestSipHead) {
      const again = parseSip(bytes);
      promise(again !== undefined, 'a message that was read can be written and read again');
      promise(isDeepStrictEqual(buildSip(again), bytes), 'a message stays the same when written and read');
    }
    fields(message);
    return taken(`${message.kind} ${body(message)}`);
  },
};

function fields(message: SipMessage): void {
  for (const value of headersOf(message, 'via')) {
    const via = parseVia(value);
    if (via) promise(isDeepStrictEqual(parseVia(formatVia(via)), via), 'a Via stays the same when written and read');
  }
  for (const name of ['from', 'to', 'contact', 'route', 'record-route'])
    for (const value of headersOf(message, name)) {
      const address = parseAddress(value);
      if (!address) continue;
      promise(isDeepStrictEqual(parseAddress(formatAddress(address)), address), 'an address stays the same');
      const uri = parseSipUri(address.uri);
      if (uri) promise(isDeepStrictEqual(parseSipUri(formatSipUri(uri)), uri), 'a URI stays the same');
    }
  for (const value of headersOf(message, 'cseq')) parseCSeq(value);
}

function body(message: SipMessage): string {
  try {
    const text = Buffer.from(message.body).toString('utf8');
    const streams = readOffer(text);
    const written = readOffer(
      writeEnds(
        text,
        streams.map(() => end),
      ),
    );
    promise(written.length === streams.length, 'an offer with other ends has the same streams');
    promise(
      written.every(
        ({ address, port, rtcpMux, rtcpPort }) =>
          address === end.address && port === end.port && (rtcpMux || rtcpPort === end.rtcpPort),
      ),
      'an offer with other ends names no other',
    );
    return `${streams.length} streams`;
  } catch (error) {
    if (!(error instanceof SdpMalformed)) throw error;
    return 'no offer';
  }
}
