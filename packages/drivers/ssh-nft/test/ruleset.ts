import { gatewayRulesets } from '@sluice/kernel/ruleset';

/** The packet filters that gateways get: those of our own agent. */
export const rulesetsOf = (translates: boolean) => gatewayRulesets('sluice', translates);

/** For gateways that translate. */
export const rulesets = rulesetsOf(true);
