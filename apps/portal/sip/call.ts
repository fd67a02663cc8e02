import type { CallProposal } from '@sluice/api';
import type { Cancel, Refusal } from '@sluice/model';
import {
  headerOf,
  headersOf,
  parseAddress,
  parseCSeq,
  responseTo,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  withHeaderOnTop,
  withHeaders,
} from '@sluice/wire/sip';
import type { CallOpener } from '../parts.ts';
import type { Deciding } from '../verdict.ts';
import {
  inTheNameOfOther,
  isOfDialog,
  learn,
  ofInvite,
  other,
  type Parties,
  type Party,
  passedOn,
  type Side,
} from './dialog.ts';
import { HeldHomes } from './held-homes.ts';
import { whyGone } from './liveness.ts';
import { Move } from './moving.ts';
import { callPartyOf, openHomes } from './opening.ts';
import { branchCookie, type OwnRequests, viaOf } from './own-requests.ts';
import type { PhoneFlow } from './phone-flow.ts';
import { lastWord, statusOf } from './refusals.ts';
import type { Binding } from './registrar.ts';
import { giveUpMs, repeat } from './repeating.ts';
import { atEnds, endsNow, globalEnds, isSameWay, partyStreams, sdpOf, streamsIn, withSdp } from './streams.ts';

/** What calls are made with. */
export interface Calling extends Deciding {
  readonly calls: CallOpener;
  readonly own: OwnRequests;
  /** Makes the branches of what is passed on: the same each time the same comes. */
  readonly branchKey: Uint8Array;
}

/** How often a telephone in a call is asked whether it is still there, ms. */
const livenessMs = 10_000;
/** T2 (RFC 3261 17.1.2.2): longest wait between two of the same, but for an INVITE, ms. */
const longestMs = 4_000;
/** Longest that a telephone rings, ms. */
const ringMs = 180_000;
/** What is under way when a call ends comes to its end within this, ms. */
const trailMs = 32_000;

/** One call from its INVITE until nothing of it is under way: passes messages on, and has both homes opened when it is answered. */
export class Call {
  readonly #w: Calling;
  readonly #invite: SipRequest;
  readonly #inviteSeq: number;
  readonly #parties: Parties;
  readonly #gone: () => void;
  readonly #cancels = new Set<Cancel>();
  readonly #homes: HeldHomes;
  #phase: 'proposing' | 'ringing' | 'opening' | 'talking' | 'over' = 'proposing';
  #proposal: CallProposal | undefined;
  /** The INVITE as it went on, and what stops sending it again. */
  #forwarded: SipRequest | undefined;
  #stopInviting: Cancel = () => {};
  /** What the portal itself says until it is answered: that it rings no more, and how its INVITE ended. */
  #stopCancelling: Cancel = () => {};
  #stopTelling: Cancel | undefined;
  #move: Move | undefined;
  /** The caller was told of an answer; before that, it may still give up, though early media flow. */
  #isAnswered = false;
  /** The last response to the INVITE that the caller was given: given again when it asks again. */
  #told: SipResponse | undefined;
  /** An answer that waits for the homes to be opened. */
  #waiting: SipResponse | undefined;

  /** `invite` is of `from`'s user, to `to`'s. `gone` is called when nothing more is to come of it. */
  constructor(w: Calling, invite: SipRequest, from: Binding, to: Binding, gone: () => void) {
    this.#w = w;
    this.#invite = invite;
    this.#gone = gone;
    this.#homes = new HeldHomes(w, () => void this.hangUp('the homes were closed'));
    this.#inviteSeq = parseCSeq(headerOf(invite, 'cseq') ?? '')?.number ?? 0;
    const party = ({ user, flow, contact }: Binding, address: string): Party => ({
      ...{ user, flow, contact, address, cseq: 0, streams: [], ends: [] },
    });
    this.#parties = {
      caller: party(from, headerOf(invite, 'from') ?? ''),
      callee: party(to, headerOf(invite, 'to') ?? ''),
    };
    learn(this.#parties.caller, invite);
  }

  /** Whose flow that is; undefined where it is of neither. A telephone that registered anew may come from elsewhere. */
  sideOf(flow: PhoneFlow, isAt: (user: string) => boolean): Side | undefined {
    const { caller, callee } = this.#parties;
    for (const [side, party] of [
      ['caller', caller],
      ['callee', callee],
    ] as const) {
      if (party.flow.key === flow.key) return side;
      if (!isAt(party.user)) continue;
      party.flow = flow;
      return side;
    }
    return undefined;
  }

  /** Nothing is let in for it any more, though what was said may still be said again. */
  get isOver(): boolean {
    return this.#phase === 'over';
  }

  /** The user who called. */
  get caller(): string {
    return this.#parties.caller.user;
  }

  get #callId(): string {
    return headerOf(this.#invite, 'call-id') ?? '';
  }

  /** Takes the INVITE that began it. */
  async begin(): Promise<void> {
    this.#tell(responseTo(this.#invite, 100, 'Trying'));
    const offered = sdpOf(this.#invite);
    const streams = offered === undefined ? undefined : streamsIn(offered);
    if (!offered || !streams || partyStreams(streams).length === 0)
      return this.#fail(488, 'Not Acceptable Here', undefined);
    const { caller } = this.#parties;
    caller.streams = streams;
    const callee = { ...callPartyOf(this.#parties.callee), localAddresses: [] };
    const proposal = await this.#w.calls.proposeCall(
      { caller: { ...callPartyOf(this.#parties.caller), streams: partyStreams(streams) }, callee },
      this.#w.lifetime,
    );
    if (this.#phase === 'over') return;
    if (proposal.kind === 'refused') return this.#fail(...statusOf(proposal.refusal), proposal.refusal);
    this.#proposal = proposal.value;
    if (proposal.value.way === 'gateways')
      caller.ends = globalEnds(streams, proposal.value.addresses.caller, proposal.value.ports.caller);
    this.#phase = 'ringing';
    const { contact } = this.#parties.callee;
    const going = withSdp({ ...this.#invite, uri: contact }, atEnds(offered, caller.ends));
    this.#forwarded = this.#passed(going, 'caller');
    this.#inviteUntilAnswered(this.#forwarded);
    this.#after(ringMs, () => {
      if (!this.#isAnswered) this.#giveUp(408, 'Request Timeout');
    });
  }

  /** A request of one party; `isNew`: the INVITE that began it, sent again. */
  request(request: SipRequest, side: Side): void {
    const { method } = request;
    const seq = parseCSeq(headerOf(request, 'cseq') ?? '')?.number;
    if (method === 'INVITE' && side === 'caller' && seq === this.#inviteSeq) {
      if (this.#told) this.#parties.caller.flow.send(this.#told);
      return;
    }
    if (this.#move?.has(request, side)) return void this.#move.again();
    learn(this.#parties[side], request);
    if (method === 'ACK' && seq === this.#inviteSeq && side === 'caller' && this.#stopTelling) {
      // Of what the portal said itself: nobody else waits for it.
      this.#stopTelling();
      return;
    }
    if (method === 'CANCEL') this.#cancel(request, side);
    else if ((method === 'BYE' || this.#isAnswered) && method !== 'ACK' && !isOfDialog(request, side, this.#parties))
      this.#refuse(request, side, 481, 'Call Does Not Exist');
    else this.#pass(request, side);
  }

  #pass(request: SipRequest, side: Side): void {
    const sdp = sdpOf(request);
    const going = sdp === undefined || this.#phase === 'over' ? request : this.#rewritten(request, sdp, side);
    if (!going && sdp !== undefined && this.#moves(request, sdp, side)) return;
    if (going) this.#parties[other[side]].flow.send(this.#passed(going, side));
    else if (request.method !== 'ACK') this.#refuse(request, side, 488, 'Not Acceptable Here');
    if (request.method === 'BYE') this.#end(`${this.#parties[side].user} hung up`);
  }

  /** A response of one party, its first Via, which is the portal's, taken off. */
  response(response: SipResponse, side: Side): void {
    const seq = parseCSeq(headerOf(response, 'cseq') ?? '');
    const isFirst = side === 'callee' && seq?.method === 'INVITE' && seq.number === this.#inviteSeq;
    if (this.#move?.has(response, side)) return void this.#move.answered(response).catch(this.#failed);
    if (side === 'callee' && seq?.method === 'CANCEL') return void this.#stopCancelling();
    if (!isFirst) {
      this.#passBack(response, side);
      return;
    }
    this.#stopInviting();
    if (response.status >= 200) this.#stopCancelling();
    if (response.status === 100) return;
    this.#answered(response).catch(this.#failed);
  }

  /** The portal hangs up for both. */
  async hangUp(reason: string): Promise<void> {
    if (this.#phase === 'over') return;
    const told = this.#isAnswered ? (['caller', 'callee'] as const) : [];
    if (this.#isAnswered) this.#end(reason);
    else this.#giveUp(503, 'Service Unavailable');
    await Promise.all([...told.map((side) => this.#bye(side, reason)), this.#homes.closed()]);
  }

  async #answered(response: SipResponse): Promise<void> {
    const { callee } = this.#parties;
    if (headerOf(response, 'to')?.includes('tag=')) callee.address = headerOf(response, 'to') ?? callee.address;
    const contact = parseAddress(headersOf(response, 'contact')[0] ?? '')?.uri;
    if (contact !== undefined) callee.contact = contact;
    if (response.status >= 300) {
      if (this.#stopTelling && this.#forwarded)
        return callee.flow.send(ofInvite('ACK', this.#forwarded, this.#inviteSeq, headerOf(response, 'to')));
      this.#tell(response);
      return this.#end('it was not answered');
    }
    if (this.#phase === 'over') {
      // It was answered while it was given up: whoever lifted the receiver is told.
      if (response.status >= 200) await this.#byeUnheard(response);
      return;
    }
    const sdp = sdpOf(response);
    if (sdp === undefined && response.status < 200) return this.#tell(response);
    if (this.#phase === 'talking') {
      // What was opened for early media serves the answer too, if it names the same.
      if (sdp === undefined || this.#rewritten(response, sdp, 'callee')) return this.#tellRewritten(response, sdp);
      return this.#unopened(response, 488, 'Not Acceptable Here', undefined);
    }
    if (this.#phase === 'opening') {
      // The answer itself takes the place of what was said while it rang.
      if (!this.#waiting || response.status >= this.#waiting.status) this.#waiting = response;
      return;
    }
    const streams = sdp === undefined ? undefined : streamsIn(sdp);
    if (!streams) return this.#unopened(response, 488, 'Not Acceptable Here', undefined);
    callee.streams = streams;
    this.#phase = 'opening';
    this.#waiting = response;
    const refusal = await this.#open();
    const last = this.#waiting ?? response;
    this.#waiting = undefined;
    if ((this.#phase as string) === 'over') {
      if (last.status >= 200) await this.#byeUnheard(last);
      return;
    }
    if (refusal) return this.#unopened(last, ...statusOf(refusal), refusal);
    this.#phase = 'talking';
    this.#watchLiveness();
    this.#tellRewritten(last, sdpOf(last));
  }

  /** Has both homes opened for each other. */
  async #open(): Promise<Refusal | undefined> {
    const { caller, callee } = this.#parties;
    if (this.#proposal?.way !== 'gateways') return undefined;
    const { addresses, ports } = this.#proposal;
    callee.ends = globalEnds(callee.streams, addresses.callee, ports.callee);
    const answer = await openHomes(this.#w, {
      caller: { ...callPartyOf(this.#parties.caller), streams: partyStreams(caller.streams, callee.streams) },
      callee: { ...callPartyOf(this.#parties.callee), streams: partyStreams(callee.streams, caller.streams) },
      ports,
    });
    if (answer.kind === 'refused') return answer.refusal;
    this.#homes.hold(answer.value);
    return undefined;
  }

  /** The homes were not opened: whoever lifted the receiver is told that it is over, and so is who called. */
  #unopened(response: SipResponse, status: number, reason: string, refusal: Refusal | undefined): void {
    if (response.status >= 200) void this.#byeUnheard(response);
    else this.#cancelInvite();
    this.#fail(status, reason, refusal);
  }

  /** Takes an answer that nobody is to hear of, and ends it. */
  async #byeUnheard(response: SipResponse): Promise<void> {
    const { callee } = this.#parties;
    const ack = inTheNameOfOther(
      { method: 'ACK', callId: this.#callId, seq: this.#inviteSeq },
      'callee',
      this.#parties,
      headerOf(response, 'to'),
    );
    callee.flow.send(withHeaderOnTop(ack, 'Via', viaOf(callee.flow, `${branchCookie}-own-ack-${this.#inviteSeq}`)));
    await this.#bye('callee', 'the call could not be opened');
  }

  async #bye(side: Side, reason: string): Promise<void> {
    const party = this.#parties[other[side]];
    party.cseq++;
    const request = inTheNameOfOther({ method: 'BYE', callId: this.#callId, seq: party.cseq }, side, this.#parties);
    const told = withHeaders(request, 'Reason', [`SIP;cause=503;text="${reason.replace(/["\\]/g, '')}"`]);
    await this.#w.own.ask(told, this.#parties[side].flow, giveUpMs);
  }

  #cancel(request: SipRequest, side: Side): void {
    this.#refuse(request, side, side === 'caller' ? 200 : 481, side === 'caller' ? 'OK' : 'Call Does Not Exist');
    if (side === 'callee' || this.#isAnswered || this.#phase === 'over') return;
    this.#giveUp(487, 'Request Terminated');
  }

  /** What rings is told to stop, and who called why. */
  #giveUp(status: number, reason: string): void {
    if (this.#phase === 'over') return;
    if (this.#phase !== 'proposing') this.#cancelInvite();
    this.#fail(status, reason, undefined);
  }

  #cancelInvite(): void {
    this.#stopInviting();
    if (!this.#forwarded) return;
    const cancel = ofInvite('CANCEL', this.#forwarded, this.#inviteSeq);
    this.#stopCancelling = repeat(this.#w.clock, this.#parties.callee.flow, cancel, longestMs);
  }

  #fail(status: number, reason: string, refusal: Refusal | undefined): void {
    const tagged = lastWord(this.#invite, status, reason, refusal);
    this.#told = tagged;
    this.#stopTelling = repeat(this.#w.clock, this.#parties.caller.flow, tagged, longestMs);
    this.#w.log.info({ status, ...refusal }, 'a call was refused');
    this.#end('refused');
  }

  /** A response to the INVITE, to the caller. */
  #tell(response: SipResponse): void {
    if (response.status >= 200 && response.status < 300) this.#isAnswered = true;
    this.#told = response;
    this.#parties.caller.flow.send(response);
  }

  #tellRewritten(response: SipResponse, sdp: string | undefined): void {
    this.#tell(sdp === undefined ? response : withSdp(response, atEnds(sdp, this.#parties.callee.ends)));
  }

  /** Takes a party that moves to other ports, when nothing else is under way. */
  #moves(request: SipRequest, sdp: string, side: Side): boolean {
    const streams = streamsIn(sdp);
    if (!streams || !this.#isAnswered || !['INVITE', 'UPDATE'].includes(request.method)) return false;
    if (this.#move && !this.#move.yieldsTo(side)) {
      this.#refuse(request, side, 491, 'Request Pending');
      return true;
    }
    const call = {
      homes: this.#homes,
      passed: (going: SipRequest) => this.#passed(going, side),
      hangUp: (reason: string) => this.hangUp(reason),
      settled: () => {
        this.#move = undefined;
      },
    };
    this.#move = new Move(this.#w, this.#parties, { side, request, streams }, call);
    this.#move.begin().catch(this.#failed);
    return true;
  }

  readonly #failed = (error: unknown) => {
    if (!this.#w.lifetime.aborted) this.#w.log.error({ error: String(error) }, 'a call could not be carried on');
    void this.hangUp('the portal failed');
  };

  #passBack(response: SipResponse, side: Side): void {
    const sdp = sdpOf(response);
    const written = sdp === undefined ? response : this.#rewritten(response, sdp, side);
    if (written) this.#parties[other[side]].flow.send(written);
    // A telephone that moved its ends in an answer is heard no more where it was: that is no call any longer.
    else void this.hangUp(`${this.#parties[side].user} moved to ports that were not asked for`);
  }

  /** With the ends of a party as the other one reaches them; undefined where it names others than before. */
  #rewritten<T extends SipMessage>(message: T, sdp: string, side: Side): T | undefined {
    if (this.#proposal?.way === 'direct') return message;
    const party = this.#parties[side];
    const streams = streamsIn(sdp);
    if (!streams || !isSameWay(party.streams, streams)) return undefined;
    return withSdp(message, atEnds(sdp, endsNow(streams, party.ends)));
  }

  #passed(request: SipRequest, side: Side): SipRequest {
    return passedOn(request, this.#parties[side].flow, this.#parties[other[side]].flow, this.#w.branchKey);
  }

  #refuse(request: SipRequest, side: Side, status: number, reason: string): void {
    this.#parties[side].flow.send(responseTo(request, status, reason));
  }

  #inviteUntilAnswered(invite: SipRequest): void {
    const cancelLate = this.#w.clock.after(giveUpMs, () => this.#giveUp(408, 'Request Timeout'));
    const cancel = repeat(this.#w.clock, this.#parties.callee.flow, invite, Number.POSITIVE_INFINITY);
    this.#stopInviting = () => {
      cancel();
      cancelLate();
    };
  }

  /** A telephone that is gone says nothing, and what it said may be lost: it is asked. */
  #watchLiveness(): void {
    this.#after(livenessMs, () => {
      for (const side of ['caller', 'callee'] as const)
        void whyGone(this.#w.own, this.#callId, side, this.#parties).then((reason) => {
          if (reason !== undefined && this.#phase === 'talking') void this.hangUp(reason);
        });
      this.#watchLiveness();
    });
  }

  #end(reason: string): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#stopInviting();
    for (const cancel of this.#cancels) cancel();
    this.#w.log.info({ sessionId: this.#homes.sessionId, reason }, 'a call is over');
    this.#homes.close();
    this.#after(trailMs, this.#gone);
  }

  #after(ms: number, act: () => void): void {
    const cancel = this.#w.clock.after(ms, () => {
      this.#cancels.delete(cancel);
      act();
    });
    this.#cancels.add(cancel);
  }
}
