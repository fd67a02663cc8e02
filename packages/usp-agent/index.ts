export { type Agent, type AgentOptions, createAgent } from './agent.ts';
export type { BootCause } from './boot-event.ts';
export type { DeviceNames } from './controller-link.ts';
export * from './data-model.ts';
export type { KeptRow, RowStore } from './kept-rows.ts';
export type { ControllerEntry } from './local-agent.ts';
export { MemoryModel, type MemoryModelOptions } from './memory-model.ts';
export type { Cell } from './memory-store.ts';
export type { PermissionEntry, RoleEntry } from './trust.ts';
