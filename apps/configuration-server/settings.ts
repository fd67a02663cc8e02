import type { ControlSettings } from '@sluice/control';
import type { ConfigurationServerConfig } from './config.ts';

/** What the configuration file says of sessions and leases, in the words of @sluice/control. */
export function controlSettings(config: ConfigurationServerConfig): Partial<ControlSettings> {
  const { leases, limits } = config;
  return {
    exchangeMs: limits.exchangeMs,
    verdictMs: limits.verdictMs,
    provisionalLeaseMs: leases.provisionalSeconds * 1_000,
    leaseMs: leases.fullSeconds * 1_000,
    rareLeaseMs: leases.rareSeconds * 1_000,
    longestSessionMs: leases.longestSeconds * 1_000,
    portAgreement: config.portAgreement,
    globalPorts: config.globalPorts,
    weaker: config.weaker,
    rememberMs: config.rememberDays * 86_400_000,
    openingsPerAppliance: limits.openingsPerAppliance,
    openingsPerGateway: limits.openingsPerGateway,
    openingsPerAddress: limits.openingsPerAddress,
    openingsPerPortal: limits.openingsPerPortal,
  };
}
