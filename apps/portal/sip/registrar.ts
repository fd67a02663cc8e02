import type { Clock, Instant } from '@sluice/model';
import {
  headerOf,
  headersOf,
  parseAddress,
  parseSipUri,
  responseTo,
  type SipRequest,
  type SipResponse,
} from '@sluice/wire/sip';
import type { PhoneDigest } from './digest.ts';
import type { PhoneFlow } from './phone-flow.ts';

/** Longest time that a telephone is known without saying so again, s: gateways forget a UDP flow after two minutes. */
const mostSeconds = 60;

/** A telephone that is there. */
export interface Binding {
  readonly user: string;
  readonly flow: PhoneFlow;
  /** The URI that it wants to be asked at; requests go over its flow all the same. */
  readonly contact: string;
  readonly until: Instant;
}

/** Which telephone is where (RFC 3261 10.3): one for each user, the last that came. */
export class Registrar {
  readonly #clock: Clock;
  readonly #domain: string;
  readonly #digest: PhoneDigest;
  readonly #bindings = new Map<string, Binding>();

  constructor(clock: Clock, domain: string, digest: PhoneDigest) {
    this.#clock = clock;
    this.#domain = domain;
    this.#digest = digest;
  }

  /** The answer to a REGISTER. */
  register(request: SipRequest, flow: PhoneFlow): SipResponse {
    const user = this.userIn(headerOf(request, 'to'));
    if (user === undefined) return responseTo(request, 404, 'Not Found');
    const { address } = flow.seen.observed;
    const judged = this.#digest.judge(headerOf(request, 'authorization'), 'REGISTER', user, address);
    if (judged !== 'right') {
      const value = this.#digest.challenge(address, judged === 'stale');
      return responseTo(request, 401, 'Unauthorized', [{ name: 'WWW-Authenticate', value }]);
    }
    flow.proven?.();
    const [first] = headersOf(request, 'contact');
    if (first === undefined) return this.#told(request, user);
    const contact = first === '*' ? undefined : parseAddress(first);
    if (first !== '*' && (!contact || !parseSipUri(contact.uri))) return responseTo(request, 400, 'Bad Contact');
    const wished = Number(contact?.params.get('expires') ?? headerOf(request, 'expires') ?? mostSeconds);
    if (!(wished >= 0)) return responseTo(request, 400, 'Bad Expires');
    if (!contact || wished === 0) this.#bindings.delete(user);
    else {
      const until = this.#clock.now() + Math.min(wished, mostSeconds) * 1_000;
      this.#bindings.set(user, { user, flow, contact: contact.uri, until });
    }
    return this.#told(request, user);
  }

  /** Where a user's telephone is. */
  bindingOf(user: string): Binding | undefined {
    const binding = this.#bindings.get(user);
    if (!binding || binding.until > this.#clock.now()) return binding;
    this.#bindings.delete(user);
    return undefined;
  }

  /** Whether a message over that flow is of that user. */
  isAt(user: string, flow: PhoneFlow): boolean {
    return this.bindingOf(user)?.flow.key === flow.key;
  }

  /** The user of this domain that a From, a To or a URI names. */
  userIn(value: string | undefined): string | undefined {
    const uri = parseSipUri(value === undefined ? '' : (parseAddress(value)?.uri ?? value));
    return uri?.host.toLowerCase() === this.#domain ? uri.user : undefined;
  }

  #told(request: SipRequest, user: string): SipResponse {
    const binding = this.bindingOf(user);
    const seconds = binding ? Math.ceil((binding.until - this.#clock.now()) / 1_000) : 0;
    const contacts = binding ? [{ name: 'Contact', value: `<${binding.contact}>;expires=${seconds}` }] : [];
    return responseTo(request, 200, 'OK', contacts);
  }
}
