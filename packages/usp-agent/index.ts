export { type Agent, type AgentOptions, type BootCause, createAgent } from './agent.ts';
export type { DeviceNames } from './controller-link.ts';
export * from './data-model.ts';
export type { ControllerEntry } from './local-agent.ts';
export { MemoryModel, type MemoryModelOptions } from './memory-model.ts';
export type { Cell } from './memory-store.ts';
export type { StoredSubscription, SubscriptionStore } from './subscription-rows.ts';
