import { isDeepStrictEqual } from 'node:util';
import type { Answer, SessionRequest, SessionView } from '@sluice/api';
import { type Clock, type Prefix, prefixContains, refuse } from '@sluice/model';
import type { ConfigurationServer } from './parts.ts';

/** Where no gateway stands between, and how long what goes there may last. */
export interface DirectWay {
  readonly portalId: string;
  /** Networks that devices share with the servers. */
  readonly networks: readonly Prefix[];
  readonly longestMs: number;
  readonly clock: Clock;
}

interface Direct {
  readonly request: SessionRequest;
  view: SessionView;
}

/** So many are remembered after their end. */
const mostEnded = 1_000;

const directPrefix = 'direct-';

/** Whether nothing was opened for a session. */
export function isDirectSession(sessionId: string): boolean {
  return sessionId.startsWith(directPrefix);
}

/**
 * The same, but that a device which has a leg on one of the networks, and asks over it, is sent to directly: nothing is
 * opened for it, and nobody else is asked. It asks over it where the address that it was seen from is in such a network
 * and is one that it calls its own; whoever is behind a gateway calls another one its own.
 */
export function withDirectWay(configuration: ConfigurationServer, ground: DirectWay): ConfigurationServer {
  const { networks, clock } = ground;
  if (networks.length === 0) return configuration;
  const byRequest = new Map<string, Direct>();
  const bySession = new Map<string, Direct>();
  const ended = new Set<string>();
  const current = (direct: Direct): SessionView => {
    if (direct.view.state === 'open' && clock.now() >= direct.view.until) end(direct, 'lease-ended');
    return direct.view;
  };
  const end = (direct: Direct, closeReason: string) => {
    if (direct.view.state !== 'open') return;
    const { sessionId } = direct.view;
    direct.view = { ...direct.view, state: 'closed', closeReason };
    ended.add(sessionId);
    const [oldest] = ended;
    if (ended.size <= mostEnded || oldest === undefined) return;
    ended.delete(oldest);
    const forgotten = bySession.get(oldest);
    bySession.delete(oldest);
    if (forgotten) byRequest.delete(keyOf(forgotten.request));
  };
  return {
    async open(request, signal) {
      if (!isDirect(request, networks)) return configuration.open(request, signal);
      const known = byRequest.get(keyOf(request));
      if (known && isDeepStrictEqual(known.request, request)) return granted(current(known));
      if (known) {
        const message = `request id ${request.requestId} was used for another request; ask with a new one`;
        return { kind: 'refused', refusal: refuse('request-conflict', message) };
      }
      const direct = { request, view: viewOf(request, ground) };
      byRequest.set(keyOf(request), direct);
      bySession.set(direct.view.sessionId, direct);
      return granted(direct.view);
    },
    async look(sessionId, signal) {
      const direct = bySession.get(sessionId);
      return direct ? granted(current(direct)) : configuration.look(sessionId, signal);
    },
    async close(sessionId, reason, signal) {
      const direct = bySession.get(sessionId);
      if (!direct) return configuration.close(sessionId, reason, signal);
      end(direct, reason);
      return granted(direct.view);
    },
  };
}

function isDirect({ flow, localAddresses }: SessionRequest, networks: readonly Prefix[]): boolean {
  const { address } = flow.observed;
  return localAddresses.includes(address) && networks.some((network) => prefixContains(network, address));
}

function viewOf(request: SessionRequest, { portalId, longestMs, clock }: DirectWay): SessionView {
  const { requestId, applianceId, contentId, streams, flow } = request;
  const sessionId = `${directPrefix}${crypto.randomUUID()}`;
  const now = clock.now();
  const until = now + longestMs;
  return {
    ...{ sessionId, requestId, applianceId, contentId, portalId },
    gatewayId: '',
    state: 'open',
    // Nothing is open: these are but the ends of the streams.
    openings: streams.map(({ id, streamType, remote, localPort }) => {
      const end = { address: flow.observed.address, port: localPort };
      return { id: `${sessionId}-${id}`, streamId: id, streamType, remote, global: end, local: end };
    }),
    ...{ createdAt: now, until, endsAt: until },
    timeline: [{ at: now, step: 'direct', detail: 'the device is on a network of the servers: nothing to open' }],
  };
}

function keyOf({ applianceId, requestId }: SessionRequest): string {
  return `${applianceId} ${requestId}`;
}

function granted(value: SessionView): Answer<SessionView> {
  return { kind: 'granted', value };
}
