import { gatewayRulesets } from '@sluice/kernel/ruleset';

/** The packet filters that gateways get: those of our own agent. */
export const rulesets = gatewayRulesets('sluice');
