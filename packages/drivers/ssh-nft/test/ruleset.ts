import { gatewayRuleset } from '@sluice/kernel/ruleset';

/** The packet filter that gateways get: the one of our own agent. */
export const ruleset = gatewayRuleset('sluice');
