import type { Command } from 'commander';

/** Where subcommands come from: their names, and how to load them. */
export interface CommandSource {
  readonly names: readonly string[];
  load(): Promise<readonly Command[]>;
}

/** Every subcommand of `sluice`, in the order of its help. */
export const commandSources: readonly CommandSource[] = [
  { names: ['gateway'], load: async () => [(await import('@sluice/gateway')).gatewayCommand()] },
  {
    names: ['configuration-server'],
    load: async () => [(await import('@sluice/configuration-server')).configurationServerCommand()],
  },
  { names: ['portal'], load: async () => [(await import('@sluice/portal')).portalCommand()] },
  { names: ['media-server'], load: async () => [(await import('@sluice/media-server')).mediaServerCommand()] },
  { names: ['parts'], load: async () => [(await import('./parts.ts')).partsCommand()] },
  { names: ['appliance'], load: async () => [(await import('@sluice/appliance')).applianceCommand()] },
  { names: ['ask'], load: async () => [(await import('@sluice/appliance')).askCommand()] },
  { names: ['probe'], load: async () => [(await import('@sluice/appliance')).probeCommand()] },
  {
    names: [
      'status',
      'sessions',
      'explain',
      'gateways',
      'appliances',
      'portals',
      'register',
      'revoke',
      'revoke-identity',
    ],
    load: async () => (await import('@sluice/configuration-server')).operatorCommands(),
  },
  {
    names: ['sign-in', 'sign-out', 'operator'],
    load: async () => (await import('@sluice/configuration-server')).signInCommands(),
  },
  { names: ['enrol'], load: async () => [(await import('./enrol.ts')).enrolCommand()] },
  { names: ['audit'], load: async () => [(await import('./audit.ts')).auditCommand()] },
  { names: ['authority'], load: async () => [(await import('./authority.ts')).authorityCommand()] },
];
