import { Agent, type IncomingMessage, request } from 'node:http';
import { type CwmpCall, type CwmpEnvelope, type CwmpMessage, readEnvelope, writeEnvelope } from '@sluice/wire/cwmp';
import { answerDigest, parseDigestChallenge } from '@sluice/wire/http-auth';

/** What the ACS answered. */
export interface Answer {
  readonly status: number;
  readonly cookie: string | undefined;
  readonly challenges: readonly string[];
  readonly envelope: CwmpEnvelope | undefined;
}

/** How a device behaves that is made for a test. */
export interface RawDeviceOptions {
  readonly port: number;
  readonly identity?: { readonly oui: string; readonly serialNumber: string };
  readonly login?: { readonly username: string; readonly password: string };
  readonly returnsCookie?: boolean;
  /** Each POST on a connection of its own. */
  readonly connectsAnew?: boolean;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** The time by its clock. */
  readonly currentTime?: () => string;
  /** What it makes of a message before it sends it. */
  readonly rewrite?: (body: string) => string;
}

/** A device that says exactly what it is told to. */
export class RawDevice {
  readonly options: RawDeviceOptions;
  cookie: string | undefined;
  /** Called once, when what it posts next is with the kernel. */
  onPosted: (() => void) | undefined;
  #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #nc = 0;
  #challenge: string | undefined;

  constructor(options: RawDeviceOptions) {
    this.options = options;
  }

  /** Posts a body as it is. */
  async post(body: string, headers: Record<string, string> = {}): Promise<Answer> {
    const { host = '127.0.0.1', port, returnsCookie = true, connectsAnew = false } = this.options;
    if (connectsAnew) this.hangUp();
    const answer = await new Promise<IncomingMessage & { readonly text?: string }>((resolve, reject) => {
      const sent = request(
        {
          port,
          host,
          method: 'POST',
          path: '/',
          agent: this.#agent,
          headers: {
            'content-type': 'text/xml',
            'content-length': Buffer.byteLength(body),
            ...(returnsCookie && this.cookie !== undefined && { cookie: this.cookie }),
            ...headers,
          },
        },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (bytes: Buffer) => parts.push(bytes));
          response.once('end', () => resolve(Object.assign(response, { text: Buffer.concat(parts).toString('utf8') })));
          response.once('error', reject);
        },
      );
      sent.once('error', reject);
      sent.end(body, () => {
        this.onPosted?.();
        this.onPosted = undefined;
      });
    });
    const cookie = answer.headers['set-cookie']?.[0]?.split(';')[0];
    if (cookie !== undefined) this.cookie = cookie;
    const challenges = answer.headersDistinct['www-authenticate'] ?? [];
    if (challenges[0] !== undefined) this.#challenge = challenges[0];
    const text = answer.text ?? '';
    return {
      status: answer.statusCode ?? 0,
      cookie,
      challenges,
      envelope: text === '' ? undefined : readEnvelope(text),
    };
  }

  /** Posts a message, undefined for an empty body, and proves who it is where that is asked for. */
  async say(message?: CwmpMessage, id = '1'): Promise<Answer> {
    const written = message ? writeEnvelope({ namespace: 'urn:dslforum-org:cwmp-1-0', id, message }) : '';
    const body = message && this.options.rewrite ? this.options.rewrite(written) : written;
    const answer = await this.post(body, this.#challenge === undefined ? {} : { authorization: this.#proof() });
    if (answer.status !== 401 || !this.options.login) return answer;
    return this.post(body, { authorization: this.#proof() });
  }

  /** Begins a session. */
  inform(
    events: readonly string[] = ['6 CONNECTION REQUEST'],
    parameters: Record<string, string> = {},
  ): Promise<Answer> {
    const { oui, serialNumber } = this.options.identity ?? { oui: '00D09E', serialNumber: '1' };
    return this.say({
      name: 'Inform',
      deviceId: { manufacturer: 'Example', oui, productClass: 'Home', serialNumber },
      events: events.map((code) => ({ code, commandKey: '' })),
      currentTime: this.options.currentTime?.() ?? '2030-01-01T00:00:00Z',
      retryCount: 0,
      parameters: Object.entries(parameters).map(([name, value]) => ({ name, value, type: 'string' })),
    });
  }

  /** Closes its connection. */
  hangUp(): void {
    this.#agent.destroy();
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1 });
  }

  #proof(): string {
    const { login } = this.options;
    const challenge = parseDigestChallenge(this.#challenge ?? '');
    if (!login || !challenge) throw new Error('nothing to prove with');
    this.#nc++;
    return answerDigest(challenge, { method: 'POST', uri: '/', cnonce: 'c', nc: this.#nc }, login);
  }
}

/** The call in an answer; fails where it has none. */
export function callIn({ status, envelope }: Answer): { readonly call: CwmpCall; readonly id: string } {
  const message = envelope?.message;
  if (!message || message.name.endsWith('Response')) throw new Error(`no call: ${status} ${message?.name}`);
  return { call: message as CwmpCall, id: envelope.id ?? '' };
}
