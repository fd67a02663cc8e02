import { type Endpoint, isPort, parseIpAddress, type RequestFlow } from '@sluice/model';
import type { SipMessage } from '@sluice/wire/sip';

/** The way that a telephone's messages come by, and go back: through its gateway's translation. */
export interface PhoneFlow {
  readonly transport: 'udp' | 'tcp';
  /** The same for all that comes over it. */
  readonly key: string;
  readonly seen: RequestFlow;
  /** What cannot be sent is lost. */
  send(message: SipMessage): void;
  /** Somebody showed his password over it. */
  proven?(): void;
}

/** Where a datagram came from; undefined where nothing can be sent back to: port 0, which any sender may claim. */
export function senderOf({ address, port }: { readonly address: string; readonly port: number }): Endpoint | undefined {
  const parsed = parseIpAddress(address.replace(/^::ffff:(?=\d+\.)/, ''));
  return parsed === undefined || !isPort(port) ? undefined : { address: parsed, port };
}
