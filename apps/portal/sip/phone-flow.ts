import type { RequestFlow } from '@sluice/model';
import type { SipMessage } from '@sluice/wire/sip';

/** The way that a telephone's messages come by, and go back: through its gateway's translation. */
export interface PhoneFlow {
  readonly transport: 'udp' | 'tcp';
  /** The same for all that comes over it. */
  readonly key: string;
  readonly seen: RequestFlow;
  /** What cannot be sent is lost. */
  send(message: SipMessage): void;
}
