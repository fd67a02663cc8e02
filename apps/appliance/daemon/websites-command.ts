import { Command } from 'commander';
import { untilSignalled } from '../io/until-signalled.ts';
import { usualSocket } from './ask-command.ts';
import { websitesAt } from './client.ts';

interface WebsitesOptions {
  readonly allow?: string;
  readonly forget?: string;
  readonly socket: string;
}

/** `sluice appliance websites`: which pages may have content played on this device. */
export function websitesCommand(): Command {
  return new Command('websites')
    .description('which websites may have content played on this device, as its household says')
    .option('--allow <origin>', 'let pages of https://host ask')
    .option('--forget <origin>', 'take that back, and end what is played for them')
    .option('--socket <path>', "the daemon's socket", usualSocket)
    .addHelpText('after', '\nExample:\n  sluice appliance websites --allow https://films.example')
    .action(async ({ allow, forget, socket }: WebsitesOptions) => {
      const signal = untilSignalled();
      let answer = await websitesAt(socket, forget === undefined ? undefined : { forget }, signal);
      if (allow !== undefined && answer.kind === 'granted') answer = await websitesAt(socket, { allow }, signal);
      if (answer.kind === 'refused') {
        process.stderr.write(`${answer.refusal.message} (${answer.refusal.code})\n`);
        process.exitCode = 1;
        return;
      }
      for (const { origin, since } of answer.value)
        process.stdout.write(`${origin.padEnd(40)} since ${new Date(since).toISOString().slice(0, 10)}\n`);
    });
}
