import { readFile } from 'node:fs/promises';
import { openLog } from '@sluice/io';
import { Command } from 'commander';
import { z } from 'zod';
import { untilSignalled } from '../io/until-signalled.ts';
import { daemonConfig } from './config.ts';
import { runDaemon } from './main.ts';

/** `sluice appliance daemon`: what programs of this device ask through. */
export function daemonCommand(): Command {
  return new Command('daemon')
    .description('what any program of this device asks through, until SIGTERM or SIGINT')
    .requiredOption('--config <file>', 'JSON configuration')
    .option('--log-level <level>', 'debug, info, warn or error', 'info')
    .addHelpText(
      'after',
      `
Example:
  sluice appliance daemon --config daemon.json

  daemon.json: {
    "identity": "./tv",
    "portal": "https://203.0.113.20:8443",
    "socket": "/run/sluice-appliance/socket"
  }`,
    )
    .action(async (options: { config: string; logLevel: string }) => {
      const read = daemonConfig.safeParse(JSON.parse(await readFile(options.config, 'utf8')));
      if (!read.success) throw new Error(`${options.config}: ${z.prettifyError(read.error)}`);
      const signal = untilSignalled();
      const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      await using running = await runDaemon(read.data, openLog('appliance', options.logLevel), signal);
      process.stdout.write(
        `${JSON.stringify({ ready: 'appliance', socket: running.socket, port: running.browserPort })}\n`,
      );
      await ended;
    });
}
