export { portalCommand } from './command.ts';
export { type PortalConfig, portalConfig } from './config.ts';
export { type RunningPortal, runPortal } from './main.ts';
