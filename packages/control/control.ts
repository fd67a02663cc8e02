import type {
  CallParty,
  CallProposal,
  CallRequest,
  CloseReason,
  ContentRequest,
  ContentSession,
  GatewayAddresses,
  Refusal,
} from '@sluice/model';
import type { Registrations } from './registration/registrations.ts';
import type { OpeningPlace, OpeningQuery, SessionQuery, StoreCounts } from './store.ts';

/**
 * The one answer to a content request. `granted`: the session was opened (its state tells whether it still is, when a
 * request is asked again). `refused`: with the session it is remembered as, where a gateway was found.
 */
export type Verdict =
  | { readonly kind: 'granted'; readonly session: ContentSession }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly session?: ContentSession };

/**
 * Why a request that is new is not taken up; undefined where it is. `gatewayId`: what its appliance is behind, where that
 * is known. A refusal is not remembered: the same request may be asked again.
 */
export type Admission = (request: ContentRequest, gatewayId: string | undefined) => Refusal | undefined;

/** What is known of a gateway's link, without asking it. */
export interface GatewayStatus {
  /** A conversation with it is held. */
  readonly online: boolean;
  /** As it last said. */
  readonly addresses?: GatewayAddresses;
  /** When it last answered. */
  readonly lastSeen?: number;
  /** Openings of live sessions. */
  readonly openings: number;
  /** Mappings of others, when last looked. */
  readonly foreign?: number;
}

/** What putting a gateway right came to. */
export interface Reconciliation {
  /** False: the gateway could not be reached or left a step unanswered; it is tried again. */
  readonly complete: boolean;
  /** Openings of ours that no session wants, taken away. */
  readonly removed: number;
  /** Openings that an open session wants, put back. */
  readonly putBack: number;
  /** Openings of ours found as they should be. */
  readonly held: number;
  /** Mappings of others: counted, never touched. */
  readonly foreign: number;
}

/** The configuration server's behaviour: registration, content sessions, leases, reconciling. */
export interface Control extends AsyncDisposable {
  readonly registrations: Registrations;
  /**
   * One verdict for one request, in bounded time (settings.verdictMs). Asking again with the same portal, appliance
   * and request id gives the same verdict, also while the first is under way; with another body it is
   * `request-conflict`. `signal` ends the wait, not the work: a session that nobody waited for is not renewed
   * until its request is asked again. `admit` is asked once where the request is new. Rejects when the store cannot keep the verdict; then nothing stays open.
   */
  open(request: ContentRequest, signal: AbortSignal, admit?: Admission): Promise<Verdict>;
  /**
   * {@link open} for a call: both homes are opened for each other, each to the other's global address and ports alone, or
   * neither is. Within one home it is refused (`same-home`): there it needs no opening.
   */
  openCall(call: CallRequest, signal: AbortSignal, admit?: Admission): Promise<Verdict>;
  /**
   * Where the parties of a call will be reached, before it is answered: global ports that are kept free for it for three
   * minutes. Opens nothing. Where one of them is taken by somebody else meanwhile, {@link openCall} refuses (`port-in-use`).
   */
  proposeCall(caller: CallParty, callee: Omit<CallParty, 'streams'>): Promise<CallProposal | Refusal>;
  /**
   * Closes a session at its gateways and reads its last counters. Resolves to the session: `closed`, or `closing`
   * where the gateway could not be reached (it is undone when the gateway is back, or by its lease). Harmless on what
   * has ended; undefined where there is no such session.
   */
  close(sessionId: string, reason: CloseReason, signal: AbortSignal): Promise<ContentSession | undefined>;
  /** A session as it is known, ended ones too; undefined where there is none. */
  session(sessionId: string): Promise<ContentSession | undefined>;
  /** A session with its counters as the gateway has them now; as last known where it does not answer. */
  look(sessionId: string, signal: AbortSignal): Promise<ContentSession | undefined>;
  /** Sessions by id, ended ones too. */
  sessions(query?: SessionQuery): Promise<readonly ContentSession[]>;
  /** Openings of open and closing sessions. */
  openings(query?: OpeningQuery): Promise<readonly OpeningPlace[]>;
  /** The gateway connected, booted or changed its addresses: what it holds is made what it should hold. Calls overlap into one. */
  gatewayCameBack(gatewayId: string, signal: AbortSignal): Promise<Reconciliation>;
  /** The gateway's connection is gone: what was asked of it is unknown from now on; sessions stay until their leases end. */
  gatewayLost(gatewayId: string): void;
  /**
   * An appliance through which a gateway is spoken to connected: what the gateway holds of its sessions is made what it
   * should hold. Nothing is asked where it has none.
   */
  applianceCameBack(applianceId: string, signal: AbortSignal): Promise<Reconciliation>;
  /** The appliance's connection is gone, as {@link gatewayLost} for what is spoken through it. */
  applianceLost(applianceId: string): Promise<void>;
  /**
   * The gateway said that it no longer holds these openings, which we did not ask for: the household closed them, or
   * their lease ran out. Their sessions close altogether. Ids that no live session has are ignored.
   */
  openingsGone(gatewayId: string, openingIds: readonly string[]): void;
  /** What is known of a gateway without asking it. */
  gatewayStatus(gatewayId: string): GatewayStatus;
  /** How much there is, and how many gateways are online. */
  status(): Promise<StoreCounts & { readonly online: number }>;
}
