export { gatewayCommand } from './command.ts';
export { type GatewayConfig, gatewayConfig } from './config.ts';
export { type HouseholdStatus, householdStatus } from './household/status.ts';
export { askHousehold } from './io/household-socket.ts';
export { type Machine, type RunningGateway, runGateway, thisMachine } from './main.ts';
export { type Policy, policySchema } from './policy/policy.ts';
