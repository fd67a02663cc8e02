import type { CwmpDevice } from '@sluice/cwmp-acs';
import type { ContentRequest } from '@sluice/model';

/** What the server's process is told. */
export type Command = { readonly kind: 'open'; readonly request: ContentRequest } | { readonly kind: 'cpu' };

/** What it answers. */
export type Reply =
  | { readonly kind: 'ready'; readonly port: number }
  /** `at`: milliseconds since 1970, fractions too. */
  | { readonly kind: 'opened'; readonly requestId: string; readonly at: number; readonly refusal?: string }
  /** Processor time used so far, and sessions under way. */
  | { readonly kind: 'cpu'; readonly ms: number; readonly sessions: number };

/** A registered device, the n-th of the benchmark. */
export function deviceNumber(n: number) {
  return {
    gatewayId: `box-${n}`,
    identity: `00D09E-${n}`,
    login: { username: `00D09E-${n}`, password: `shown by ${n}` },
    connectionRequest: { username: `acs of ${n}`, password: `wakes ${n}` },
  } satisfies CwmpDevice;
}

/** A request for one stream by the appliance behind the n-th device. */
export function requestNumber(n: number, requestId: string): ContentRequest {
  return {
    requestId,
    applianceId: `tv-${n}`,
    contentId: 'film',
    portalId: 'portal',
    flow: { portal: { address: '203.0.113.20', port: 8443 }, observed: { address: '203.0.113.1', port: 40_000 } },
    localAddresses: ['192.168.1.2'],
    streams: [{ id: 'video', streamType: 'udp', remote: { address: '203.0.113.10', port: 7_000 }, localPort: 5_000 }],
  };
}
