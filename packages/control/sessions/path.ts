import { type Gateway, type Hop, type Refusal, refuse } from '@sluice/model';
import type { GatewayLink } from '../gateways/link.ts';
import type { Asking } from './request.ts';
import type { Workings } from './workings.ts';

/** Which gateways a session's streams cross, and whose: outward from the appliance, then from a call's other party. */
export type SessionPath = readonly (Hop & { readonly link: GatewayLink })[];

/** The hops that a session's streams cross, or why they cannot be set up. */
export function pathOver(
  w: Workings,
  { request, peer }: Asking,
  own: readonly Gateway[] | Refusal,
  other: readonly Gateway[] | Refusal,
): SessionPath | Refusal {
  if ('code' in own) return own;
  if ('code' in other) return other;
  if (peer && own[0]?.gatewayId === other[0]?.gatewayId)
    return refuse(
      'same-home',
      `${request.applianceId} and ${peer.applianceId} are behind the same gateway: they reach each other without it, at their local addresses`,
    );
  const near = linked(w, own, request.applianceId);
  if ('code' in near) return near;
  const far = peer ? linked(w, other, peer.applianceId) : [];
  if ('code' in far) return far;
  return [...near, ...far.map((hop) => ({ ...hop, side: 'peer' as const }))];
}

function linked(w: Workings, path: readonly Gateway[], applianceId: string): SessionPath | Refusal {
  const hops = path.map((gateway) => ({ gatewayId: gateway.gatewayId, link: w.links.to(gateway, applianceId) }));
  const unspoken = path.find((_, index) => hops[index]?.link === undefined);
  if (unspoken) {
    const message = `nobody here speaks to gateways of type ${unspoken.type}; register ${unspoken.gatewayId} anew`;
    return refuse('gateway-unspoken', message);
  }
  return hops.flatMap(({ gatewayId, link }) => (link ? [{ gatewayId, link }] : []));
}
