import { randomBytes } from 'node:crypto';
import { type Cancel, type Clock, formatEndpoint } from '@sluice/model';
import { type SipRequest, type SipResponse, withHeaderOnTop } from '@sluice/wire/sip';
import type { PhoneFlow } from './phone-flow.ts';

/** T1 and T2 (RFC 3261 17.1.1.1): first and longest wait between two of the same, ms. */
const firstMs = 500;
const longestMs = 4_000;
/** The portal's own branches begin so; every branch since RFC 3261 with the first seven letters. */
export const branchCookie = 'z9hG4bKsluice';

interface Waiting {
  settle(response: SipResponse | undefined): void;
}

/** What the portal itself asks of telephones (INFO, BYE): sent again until it is answered. */
export class OwnRequests {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Waiting>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves to the final response; to undefined where none came in time. The request has no Via. */
  ask(request: SipRequest, flow: PhoneFlow, patienceMs: number): Promise<SipResponse | undefined> {
    const branch = `${branchCookie}-own-${randomBytes(12).toString('hex')}`;
    const message = withHeaderOnTop(request, 'Via', viaOf(flow, branch));
    return new Promise((resolve) => {
      let cancelAgain: Cancel = () => {};
      const settle = (response: SipResponse | undefined) => {
        this.#waiting.delete(branch);
        cancelAgain();
        cancelLate();
        resolve(response);
      };
      const cancelLate = this.#clock.after(patienceMs, () => settle(undefined));
      this.#waiting.set(branch, { settle });
      const send = (waitMs: number) => {
        flow.send(message);
        if (flow.transport === 'udp')
          cancelAgain = this.#clock.after(waitMs, () => send(Math.min(2 * waitMs, longestMs)));
      };
      send(firstMs);
    });
  }

  /** Whether a response is to one of these; `branch` is of its first Via. */
  take(branch: string, response: SipResponse): boolean {
    const waiting = this.#waiting.get(branch);
    if (waiting && response.status >= 200) waiting.settle(response);
    return waiting !== undefined || branch.startsWith(`${branchCookie}-own-`);
  }
}

/** The portal's own Via towards a telephone. */
export function viaOf({ transport, seen }: PhoneFlow, branch: string): string {
  return `SIP/2.0/${transport.toUpperCase()} ${formatEndpoint(seen.portal)};branch=${branch};rport`;
}
