import type { Audit } from '@sluice/audit';
import type { Log } from '@sluice/io';
import type { DiscoveryPorts } from '../discovery/discovery.ts';

/** Accounts for each registration that no operator made. */
export function discoveryLines(audit: Audit, log: Log): DiscoveryPorts['registered'] {
  return ({ applianceId, gatewayId, evidence }, type) => {
    const { by, observed } = evidence;
    const fields = { appliance: applianceId, gateway: gatewayId, type, by, observed };
    audit.note('gateway-discovered', fields);
    log.info(fields, 'gateway discovered');
  };
}
