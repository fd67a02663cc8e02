import type { CallProposal } from '@sluice/api';
import { type Refusal, refuse } from '@sluice/model';
import type { OfferedStream } from '@sluice/wire/sdp';
import { headerOf, parseCSeq, type SipMessage, type SipRequest, type SipResponse } from '@sluice/wire/sip';
import { other, type Parties, type Side } from './dialog.ts';
import type { HeldHomes } from './held-homes.ts';
import { callPartyOf, type Opening, openHomes } from './opening.ts';
import { lastWord, statusOf } from './refusals.ts';
import { atEnds, globalEnds, partyStreams, sdpOf, streamsIn, withSdp } from './streams.ts';

/** The call that a party moves in. */
export interface MovingCall {
  readonly homes: HeldHomes;
  /** A request of one party as it goes to the other. */
  passed(request: SipRequest, side: Side): SipRequest;
  hangUp(reason: string): Promise<void>;
  /** Nothing is under way any more. */
  settled(): void;
}

/**
 * A party that moves to other ports, or takes up other streams, in the midst of a call (RFC 3264 8). Its offer goes on with
 * global ports that were proposed for it; the homes are opened for both anew before the answer is told, and what was open
 * before stays until then.
 */
export class Move {
  readonly #w: Opening;
  readonly #parties: Parties;
  readonly #side: Side;
  readonly #request: SipRequest;
  readonly #streams: readonly OfferedStream[];
  readonly #call: MovingCall;
  #proposal: CallProposal | undefined;
  #offered: SipRequest | undefined;
  #isOpening = false;

  constructor(
    w: Opening,
    parties: Parties,
    { side, request, streams }: { side: Side; request: SipRequest; streams: readonly OfferedStream[] },
    call: MovingCall,
  ) {
    this.#w = w;
    this.#parties = parties;
    this.#side = side;
    this.#request = request;
    this.#streams = streams;
    this.#call = call;
  }

  /** Whether a message is its request, sent again, or a response to it. */
  has(message: SipMessage, side: Side): boolean {
    const own = parseCSeq(headerOf(this.#request, 'cseq') ?? '');
    const seq = parseCSeq(headerOf(message, 'cseq') ?? '');
    const from = message.kind === 'request' ? this.#side : other[this.#side];
    return side === from && seq?.method === own?.method && seq?.number === own?.number;
  }

  /** Whether a new one of that side takes its place: a telephone that asks anew has given up what it asked before. */
  yieldsTo(side: Side): boolean {
    return side === this.#side && !this.#isOpening;
  }

  /** Hands the offer on, once it is known where its party will be reached. */
  async begin(): Promise<void> {
    const own = this.#parties[this.#side];
    const caller = { ...callPartyOf({ ...own, streams: this.#streams }), streams: partyStreams(this.#streams) };
    const callee = callPartyOf(this.#parties[other[this.#side]]);
    const proposal = await this.#w.calls.proposeCall({ caller, callee }, this.#w.lifetime);
    if (proposal.kind === 'refused') return this.#refuse(proposal.refusal);
    this.#proposal = proposal.value;
    this.#offered = withSdp(this.#request, atEnds(sdpOf(this.#request) ?? '', this.#ends('caller', this.#streams)));
    this.#offer(this.#offered);
  }

  /** The request came again: so it goes on again. */
  again(): void {
    if (this.#offered && !this.#isOpening) this.#offer(this.#offered);
  }

  /** A response to it. */
  async answered(response: SipResponse): Promise<void> {
    // What is said before the answer is only that it takes a while: nothing is open for it yet.
    if (response.status < 200) return this.#respond({ ...response, body: new Uint8Array() });
    if (response.status >= 300) {
      this.#call.settled();
      return this.#respond(response);
    }
    if (this.#isOpening) return;
    this.#isOpening = true;
    const sdp = sdpOf(response) ?? '';
    const streams = streamsIn(sdp) ?? [];
    const caller = { ...this.#parties[this.#side], streams: this.#streams };
    const callee = { ...this.#parties[other[this.#side]], streams };
    const [going, coming] = [partyStreams(this.#streams, streams), partyStreams(streams, this.#streams)];
    if (going.length === 0) return this.#fail(refuse('malformed', 'nothing is left that can be heard'));
    const asked = {
      caller: { ...callPartyOf(caller), streams: going },
      callee: { ...callPartyOf(callee), streams: coming },
    };
    const ports = this.#proposal?.way === 'gateways' ? this.#proposal.ports : undefined;
    const opened = ports && (await openHomes(this.#w, { ...asked, ports }));
    if (opened?.kind === 'refused') return this.#fail(opened.refusal);
    const ends = this.#ends('callee', streams);
    Object.assign(this.#parties[this.#side], { streams: this.#streams, ends: this.#ends('caller', this.#streams) });
    Object.assign(this.#parties[other[this.#side]], { streams, ends });
    this.#call.settled();
    if (opened) this.#call.homes.hold(opened.value);
    this.#respond(withSdp(response, atEnds(sdp, ends)));
  }

  #offer(offered: SipRequest): void {
    this.#parties[other[this.#side]].flow.send(this.#call.passed(offered, this.#side));
  }

  #respond(response: SipResponse): void {
    this.#parties[this.#side].flow.send(response);
  }

  /** The party that moves is told no; what was open stays. */
  #refuse(refusal: Refusal): void {
    this.#call.settled();
    this.#respond(lastWord(this.#request, ...statusOf(refusal), refusal));
  }

  /** The other party took the offer already: they would hear each other no more. */
  async #fail(refusal: Refusal): Promise<void> {
    this.#refuse(refusal);
    await this.#call.hangUp(`${refusal.code}: ${refusal.message}`);
  }

  #ends(role: 'caller' | 'callee', streams: readonly OfferedStream[]): ReturnType<typeof globalEnds> {
    if (this.#proposal?.way !== 'gateways') return [];
    return globalEnds(streams, this.#proposal.addresses[role], this.#proposal.ports[role]);
  }
}
