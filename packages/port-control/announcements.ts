import { type Cancel, type Clock, formatAddress, type IpAddress } from '@sluice/model';
import { natPmpResult, parseNatPmpResponse } from '@sluice/wire/natpmp';
import { parsePcpResponse, pcpResult } from '@sluice/wire/pcp';

/** What a gateway tells everybody after it lost its mappings, or its address became another. */
export type Announcement =
  | { readonly kind: 'pcp'; readonly epoch: number }
  | { readonly kind: 'nat-pmp'; readonly epoch: number; readonly address: IpAddress };

/** Reads what came to the announcement port (RFC 6887 14.1, RFC 6886 3.2.1); undefined where it is no announcement. */
export function announcementIn(bytes: Uint8Array): Announcement | undefined {
  const pcp = parsePcpResponse(bytes);
  if (pcp) {
    const announces = pcp.body.kind === 'announce' && pcp.result === pcpResult.success;
    return announces ? { kind: 'pcp', epoch: pcp.epoch } : undefined;
  }
  const older = parseNatPmpResponse(bytes);
  if (older?.kind !== 'external-address' || older.result !== natPmpResult.success) return undefined;
  return { kind: 'nat-pmp', epoch: older.epoch, address: formatAddress(older.address) };
}

/** Told that a gateway no longer holds what it held: what should be there is to be put back. */
export type TellLoss = (gatewayId: string, why: string) => void;

/** Everybody in a home hears an announcement, so each waits up to this before asking (RFC 6887 8.5), ms. */
const spreadMs = 5_000;

/** News that gateways lost their mappings: at once where we asked, after a random while where all were told. */
export class LossReports implements Disposable {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #tell: TellLoss;
  readonly #pending = new Map<string, Cancel>();

  constructor(clock: Clock, random: () => number, tell: TellLoss) {
    this.#clock = clock;
    this.#random = random;
    this.#tell = tell;
  }

  now(gatewayId: string, why: string): void {
    this.#pending.get(gatewayId)?.();
    this.#pending.delete(gatewayId);
    this.#tell(gatewayId, why);
  }

  /** Once for the ten announcements that a gateway makes in a row. */
  soon(gatewayId: string, why: string): void {
    if (this.#pending.has(gatewayId)) return;
    const cancel = this.#clock.after(this.#random() * spreadMs, () => this.now(gatewayId, why));
    this.#pending.set(gatewayId, cancel);
  }

  [Symbol.dispose](): void {
    for (const cancel of this.#pending.values()) cancel();
    this.#pending.clear();
  }
}
