export { configurationServerCommand } from './command.ts';
export { type ConfigurationServerConfig, configurationServerConfig } from './config.ts';
export { type RunningConfigurationServer, runConfigurationServer } from './main.ts';
export { enrolTokenCommand, operatorCommands } from './operator/commands.ts';
export { signInCommands } from './operator/sign-in-commands.ts';
