import { readFile } from 'node:fs/promises';
import { openLog } from '@sluice/io';
import { Command } from 'commander';
import { z } from 'zod';
import { configurationServerConfig } from './config.ts';
import { runConfigurationServer } from './main.ts';

/** `sluice configuration-server`: registration database, content sessions, USP controller. */
export function configurationServerCommand(): Command {
  const server = new Command('configuration-server').description(
    'works out what a home must let in, and sets its gateway up for exactly that',
  );
  server
    .command('run')
    .description('serve until SIGTERM or SIGINT')
    .requiredOption('--config <file>', 'JSON configuration')
    .option('--log-level <level>', 'debug, info, warn or error', 'info')
    .addHelpText(
      'after',
      `
Example:
  sluice configuration-server run --config configuration.json

  configuration.json: {
    "identity": "./configuration",
    "api": { "hosts": ["::"], "port": 8444 },
    "usp": { "hosts": ["::"], "port": 8445, "path": "/usp" },
    "database": "./configuration.sqlite",
    "leases": { "fullSeconds": 60 }
  }`,
    )
    .action(async (options: { config: string; logLevel: string }) => {
      const read = configurationServerConfig.safeParse(JSON.parse(await readFile(options.config, 'utf8')));
      if (!read.success) throw new Error(`${options.config}: ${z.prettifyError(read.error)}`);
      const ending = new AbortController();
      for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => ending.abort());
      const ended = new Promise<void>((resolve) => ending.signal.addEventListener('abort', () => resolve()));
      const log = openLog('configuration-server', options.logLevel);
      await using running = await runConfigurationServer(read.data, log, ending.signal);
      const { apiPort, uspPort, cwmpPort, stunPort, enrolmentPort, signInPort } = running;
      const ports = { apiPort, uspPort, cwmpPort, stunPort, enrolmentPort, signInPort };
      process.stdout.write(`${JSON.stringify({ ready: 'configuration-server', ...ports })}\n`);
      await ended;
    });
  return server;
}
