import assert from 'node:assert/strict';
import type { Endpoint } from '@sluice/model';
import { answerDigest, parseDigestChallenge } from '@sluice/wire/http-auth';
import {
  buildSip,
  headerOf,
  parseSip,
  responseTo,
  type SipHeader,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '@sluice/wire/sip';
import type { SipDesk } from '../sip/desk.ts';
import type { PhoneFlow } from '../sip/phone-flow.ts';

/** What a phone offers: one audio stream at a port of its own. */
export function sdpAt(address: string, port: number, more: readonly string[] = []): string {
  const lines = [
    'v=0',
    `o=- 1 1 IN IP4 ${address}`,
    's=-',
    `c=IN IP4 ${address}`,
    't=0 0',
    `m=audio ${port} RTP/AVP 0`,
  ];
  return `${[...lines, ...more].join('\r\n')}\r\n`;
}

/** A telephone that does what a test says, over UDP, in memory. */
export class ScriptedPhone implements PhoneFlow {
  readonly transport = 'udp';
  readonly user: string;
  readonly seen: PhoneFlow['seen'];
  readonly key: string;
  /** What it was sent, in order. */
  readonly heard: SipMessage[] = [];
  /** It is gone: nothing reaches it. */
  isGone = false;
  /** It is in no call, though nobody heard it hang up. */
  hasForgotten = false;
  readonly #desk: SipDesk;
  #count = 0;

  constructor(desk: SipDesk, user: string, observed: Endpoint) {
    this.#desk = desk;
    this.user = user;
    this.seen = { portal: { address: '203.0.113.20', port: 5060 }, observed, transport: 'udp' };
    this.key = `udp ${observed.address}:${observed.port}`;
  }

  get address(): string {
    return `sip:${this.user}@sluice.example`;
  }

  /** As a flow: what the portal sends, through octets, as it would be on a wire. */
  send(message: SipMessage): void {
    if (this.isGone) return;
    const read = parseSip(buildSip(message)) ?? assert.fail('what is no message was sent');
    this.heard.push(read);
    if (read.kind !== 'request' || read.method !== 'INFO') return;
    this.say(this.hasForgotten ? responseTo(read, 481, 'Call Does Not Exist') : responseTo(read, 200, 'OK'));
  }

  say(message: SipMessage): void {
    this.#desk.take(parseSip(buildSip(message)) ?? assert.fail('no message'), this);
  }

  /** A request of its own; `parts` in place of what it would have. */
  request(
    method: string,
    uri: string,
    to: string,
    parts: {
      headers?: readonly SipHeader[];
      body?: string;
      callId?: string;
      from?: string;
      seq?: number;
      branch?: string;
    } = {},
  ): SipRequest {
    const seq = parts.seq ?? ++this.#count;
    const headers = [
      {
        name: 'Via',
        value: `SIP/2.0/UDP 192.168.1.2:5060;branch=${parts.branch ?? `z9hG4bK-${this.user}-${seq}-${method}`};rport`,
      },
      { name: 'Max-Forwards', value: '70' },
      { name: 'From', value: parts.from ?? `<${this.address}>;tag=${this.user}` },
      { name: 'To', value: to },
      { name: 'Call-ID', value: parts.callId ?? `call-of-${this.user}` },
      { name: 'CSeq', value: `${seq} ${method}` },
      { name: 'Contact', value: `<sip:${this.user}@192.168.1.2:5060>` },
      ...(parts.headers ?? []),
    ];
    return { kind: 'request', method, uri, headers, body: new TextEncoder().encode(parts.body ?? '') };
  }

  /** Registers with a password; gives back the last answer. */
  register(password: string, headers: readonly SipHeader[] = []): SipResponse {
    const ask = (more: readonly SipHeader[]) => {
      this.say(
        this.request('REGISTER', 'sip:sluice.example', `<${this.address}>`, {
          callId: `r-${this.user}`,
          headers: [...headers, ...more],
        }),
      );
      return this.answer();
    };
    const first = ask([]);
    const challenge = parseDigestChallenge(headerOf(first, 'www-authenticate') ?? '');
    if (!challenge) return first;
    const login = { username: this.user, password };
    const value = answerDigest(challenge, { method: 'REGISTER', uri: 'sip:sluice.example', cnonce: 'c' }, login);
    return ask([{ name: 'Authorization', value }]);
  }

  /** The last response that it was sent. */
  answer(): SipResponse {
    return this.heard.findLast((each) => each.kind === 'response') ?? assert.fail('no answer');
  }

  /** The last request of that method that it was sent. */
  asked(method: string): SipRequest {
    return (
      this.heard.findLast((each): each is SipRequest => each.kind === 'request' && each.method === method) ??
      assert.fail(`no ${method}`)
    );
  }

  /** Answers a request that it was sent, with a tag of its own. */
  respond(request: SipRequest, status: number, body = ''): void {
    const response = responseTo(
      request,
      status,
      'Said',
      [{ name: 'Contact', value: `<sip:${this.user}@192.168.1.2:5060>` }],
      new TextEncoder().encode(body),
    );
    const headers = response.headers.map(({ name, value }) =>
      name === 'To' && !value.includes('tag=') ? { name, value: `${value};tag=${this.user}` } : { name, value },
    );
    this.say({ ...response, headers });
  }

  /** Every response's status and every request's method, in order. */
  script(): readonly string[] {
    return this.heard.map((each) => (each.kind === 'response' ? String(each.status) : each.method));
  }
}

/** Where the sound of a message's description is to be sent. */
export function placeIn(message: SipMessage): string {
  const text = new TextDecoder().decode(message.body);
  return `${/^c=IN IP4 (\S+)/m.exec(text.slice(text.indexOf('m=')))?.[1] ?? /^c=IN IP4 (\S+)/m.exec(text)?.[1]} ${/^m=audio (\d+)/m.exec(text)?.[1]}`;
}
