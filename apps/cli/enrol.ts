import { enrolTokenCommand } from '@sluice/configuration-server';
import { Command } from 'commander';
import { enrol } from './enrolling.ts';

/** `sluice enrol`: a part joins the deployment with a token; `sluice enrol token`: the operator makes one. */
export function enrolCommand(): Command {
  return new Command('enrol')
    .description('join the deployment with a one-time token: makes a key here, and fetches its certificate')
    .enablePositionalOptions()
    .argument('<token>', 'as `sluice enrol token` printed it')
    .option('--identity <directory>', "where the part's ca.pem, cert.pem and key.pem go")
    .addHelpText(
      'after',
      `
Example:
  sluice enrol token self::gateway-a --role gateway --server https://203.0.113.21:8444 --identity ./operator
  sluice enrol eyJ1cmwi... --identity ./gateway`,
    )
    .addCommand(enrolTokenCommand())
    .action(async (token: string, { identity }: { identity?: string }, command: Command) => {
      // Required of `enrol` alone: what is required of a command is asked of those below it, too.
      if (identity === undefined) return command.error("error: required option '--identity <directory>' not specified");
      const { endpointId, role } = await enrol(token, identity, AbortSignal.timeout(30_000));
      process.stdout.write(`${identity}: ${endpointId} (${role})\n`);
    });
}
