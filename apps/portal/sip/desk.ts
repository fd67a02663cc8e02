import {
  formatVia,
  headerOf,
  headersOf,
  parseAddress,
  parseCSeq,
  parseVia,
  responseTo,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  withHeaders,
  withoutTop,
} from '@sluice/wire/sip';
import { Call, type Calling } from './call.ts';
import { branchCookie } from './own-requests.ts';
import type { PhoneFlow } from './phone-flow.ts';
import type { Registrar } from './registrar.ts';

const methods = 'REGISTER, INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO';
/** Most calls at once, of one user and of all. */
const mostOfUser = 4;
const mostCalls = 10_000;

/** Where telephones' messages come to: registrations, calls, and what is neither. */
export class SipDesk implements AsyncDisposable {
  readonly #w: Calling;
  readonly #registrar: Registrar;
  readonly #calls = new Map<string, Call>();

  constructor(w: Calling, registrar: Registrar) {
    this.#w = w;
    this.#registrar = registrar;
  }

  /** Calls that are not over, or not long. */
  get calls(): number {
    return this.#calls.size;
  }

  /** One message; what makes no sense is left unanswered where there is nobody to answer. */
  take(message: SipMessage, flow: PhoneFlow): void {
    if (message.kind === 'response') {
      this.#response(message, flow);
      return;
    }
    const asked = seenFrom(message, flow);
    const answer = asked && this.#request(asked, flow);
    if (answer && message.method !== 'ACK') flow.send(answer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#calls.values()].map((call) => call.hangUp('the portal ends')));
  }

  #request(request: SipRequest, flow: PhoneFlow): SipResponse | undefined {
    const { method } = request;
    const hops = Number(headerOf(request, 'max-forwards') ?? 70);
    if (!(hops > 0)) return responseTo(request, 483, 'Too Many Hops');
    if (method === 'REGISTER') return this.#registrar.register(request, flow);
    const callId = headerOf(request, 'call-id') ?? '';
    const call = this.#calls.get(callId);
    if (call) {
      const side = call.sideOf(flow, (user) => this.#registrar.isAt(user, flow));
      if (!side) return responseTo(request, 403, 'Forbidden');
      call.request(request, side);
      return undefined;
    }
    if (method === 'INVITE') return this.#invite(request, callId, flow);
    if (method === 'OPTIONS') return responseTo(request, 200, 'OK', [{ name: 'Allow', value: methods }]);
    if (['ACK', 'BYE', 'CANCEL', 'UPDATE', 'INFO'].includes(method))
      return responseTo(request, 481, 'Call Does Not Exist');
    return responseTo(request, 405, 'Method Not Allowed', [{ name: 'Allow', value: methods }]);
  }

  #invite(request: SipRequest, callId: string, flow: PhoneFlow): SipResponse | undefined {
    if (headersOf(request, 'via').some(isOwn)) return responseTo(request, 482, 'Loop Detected');
    // RFC 3261 12.2.2: it is of a call that nobody here knows of any more.
    if (parseAddress(headerOf(request, 'to') ?? '')?.params.has('tag'))
      return responseTo(request, 481, 'Call Does Not Exist');
    const user = this.#registrar.userIn(headerOf(request, 'from'));
    const caller = user === undefined ? undefined : this.#registrar.bindingOf(user);
    // Who called is who registered over the same flow: no name is taken on trust.
    if (!caller || caller.flow.key !== flow.key) return responseTo(request, 403, 'Register First');
    const called = this.#registrar.userIn(request.uri);
    const callee = called === undefined ? undefined : this.#registrar.bindingOf(called);
    if (called === undefined) return responseTo(request, 404, 'Not Found');
    if (!callee) return responseTo(request, 480, 'Temporarily Unavailable');
    if (headersOf(request, 'require').length > 0)
      return responseTo(request, 420, 'Bad Extension', [
        { name: 'Unsupported', value: headersOf(request, 'require').join(', ') },
      ]);
    const own = [...this.#calls.values()].filter((call) => !call.isOver && call.caller === caller.user);
    if (own.length >= mostOfUser || this.#calls.size >= mostCalls) return responseTo(request, 486, 'Busy Here');
    const call = new Call(this.#w, request, caller, callee, () => this.#calls.delete(callId));
    this.#calls.set(callId, call);
    call.begin().catch((error: unknown) => {
      if (!this.#w.lifetime.aborted) this.#w.log.error({ error: String(error) }, 'a call could not begin');
      void call.hangUp('the portal failed');
    });
    return undefined;
  }

  #response(response: SipResponse, flow: PhoneFlow): void {
    const [via = ''] = headersOf(response, 'via');
    const branch = parseVia(via)?.params.get('branch') ?? '';
    if (this.#w.own.take(branch, response) || !isOwn(via)) return;
    const passed = withoutTop(response, 'Via');
    const call = this.#calls.get(headerOf(response, 'call-id') ?? '');
    const side = call?.sideOf(flow, (user) => this.#registrar.isAt(user, flow));
    if (call && side) call.response(passed, side);
  }
}

/** Whether a Via is the portal's. */
function isOwn(via: string): boolean {
  return parseVia(via)?.params.get('branch')?.startsWith(`${branchCookie}-`) ?? false;
}

/** A request with where it came from in its first Via (RFC 3581 4); undefined where it lacks what each must have. */
function seenFrom(request: SipRequest, { seen }: PhoneFlow): SipRequest | undefined {
  const [first = '', ...further] = headersOf(request, 'via');
  const via = parseVia(first);
  const isWhole = ['from', 'to', 'call-id'].every((name) => headerOf(request, name));
  if (!via || !isWhole || parseCSeq(headerOf(request, 'cseq') ?? '')?.method !== request.method) return undefined;
  const { address, port } = seen.observed;
  const params = new Map([...via.params, ['received', address]] as const);
  if (params.has('rport')) params.set('rport', String(port));
  return withHeaders(request, 'Via', [formatVia({ ...via, params }), ...further]);
}
