import { type Role, roles } from '@sluice/identity';

const everyone = roles;
const operators: readonly Role[] = ['operator'];
const readers: readonly Role[] = ['operator', 'auditor'];
const portals: readonly Role[] = ['portal'];
const askers: readonly Role[] = ['portal', 'operator'];
const watchers: readonly Role[] = ['portal', 'operator', 'auditor'];

/** Every route there is, and whose certificate may call it. */
export const roleTable: Readonly<Record<string, readonly Role[]>> = {
  'GET /healthz': everyone,
  'GET /openapi.json': everyone,
  'POST /v1/sessions': askers,
  'POST /v1/calls': askers,
  'POST /v1/calls/proposals': askers,
  'GET /v1/sessions': readers,
  'GET /v1/sessions/{sessionId}': watchers,
  'DELETE /v1/sessions/{sessionId}': askers,
  'PUT /v1/gateways/{gatewayId}': operators,
  'GET /v1/gateways/{gatewayId}': readers,
  'DELETE /v1/gateways/{gatewayId}': operators,
  'GET /v1/gateways': readers,
  'PUT /v1/appliances/{applianceId}': operators,
  'GET /v1/appliances/{applianceId}': readers,
  'DELETE /v1/appliances/{applianceId}': operators,
  'GET /v1/appliances': readers,
  'PUT /v1/portals/{portalId}': operators,
  'GET /v1/portals/{portalId}': readers,
  'DELETE /v1/portals/{portalId}': operators,
  'GET /v1/portals': readers,
  'PUT /v1/operators/{name}': operators,
  'GET /v1/operators': readers,
  'DELETE /v1/operators/{name}': operators,
  'POST /v1/appliance-links': portals,
  'GET /v1/appliance-links/stream': portals,
  'POST /v1/appliance-links/{link}/answers': portals,
  'POST /v1/appliance-links/{link}/doubts': portals,
  'POST /v1/appliance-links/{link}/results': portals,
  'DELETE /v1/appliance-links/{link}': portals,
  'GET /v1/openings': readers,
  'GET /v1/status': readers,
  'POST /v1/enrolment-tokens': operators,
  'POST /v1/renewals': everyone,
  'POST /v1/revocations': operators,
  'GET /v1/revocations': everyone,
  'GET /v1/revocations/stream': everyone,
};
