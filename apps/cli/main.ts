#!/usr/bin/env node
import { Command } from 'commander';
import { commandSources } from './commands.ts';

const program = new Command('sluice')
  .description('Opens a home for exactly the content it asked for, and closes it again.')
  .version('0.1.0')
  // `enrol` and `enrol token` both have an --identity: each means what stands behind its own name.
  .enablePositionalOptions()
  .showHelpAfterError('(add --help for the options and an example)')
  .addHelpText(
    'after',
    '\nExample:\n  sluice gateway status\n  sluice explain 0f3a --server https://203.0.113.21:8444 --identity ./operator',
  );

const wanted = process.argv[2];
// A named part alone is loaded: a gateway has no use for the portal's web framework.
const sources = commandSources.filter((source) => wanted !== undefined && source.names.includes(wanted));
for (const source of sources.length > 0 ? sources : commandSources) {
  for (const command of await source.load()) program.addCommand(command);
}
try {
  await program.parseAsync();
} catch (error) {
  // What went wrong is a sentence for whoever typed the command; where in our code it was said is not.
  const { message, code } = error instanceof Error ? (error as NodeJS.ErrnoException) : { message: String(error) };
  const advice = code === 'EADDRINUSE' ? '; end what listens there, or name another port in the configuration' : '';
  process.stderr.write(`sluice: ${message}${advice}\n`);
  process.exitCode = 1;
}
