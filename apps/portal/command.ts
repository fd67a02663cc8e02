import { readFile } from 'node:fs/promises';
import { openLog } from '@sluice/io';
import { Command } from 'commander';
import { z } from 'zod';
import { portalConfig } from './config.ts';
import { runPortal } from './main.ts';

/** `sluice portal`: the page of contents, and where appliances ask. */
export function portalCommand(): Command {
  const portal = new Command('portal').description('the page of contents, and where appliances ask for one');
  portal
    .command('run')
    .description('serve until SIGTERM or SIGINT')
    .requiredOption('--config <file>', 'JSON configuration')
    .option('--log-level <level>', 'debug, info, warn or error', 'info')
    .addHelpText(
      'after',
      `
Example:
  sluice portal run --config portal.json

  portal.json: {
    "identity": "./portal",
    "listen": { "hosts": ["::"], "port": 8443 },
    "configurationServer": "https://203.0.113.21:8444",
    "mediaServers": ["https://203.0.113.10:8446"]
  }`,
    )
    .action(async (options: { config: string; logLevel: string }) => {
      const read = portalConfig.safeParse(JSON.parse(await readFile(options.config, 'utf8')));
      if (!read.success) throw new Error(`${options.config}: ${z.prettifyError(read.error)}`);
      const ending = new AbortController();
      for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => ending.abort());
      const ended = new Promise<void>((resolve) => ending.signal.addEventListener('abort', () => resolve()));
      await using running = await runPortal(read.data, openLog('portal', options.logLevel), ending.signal);
      process.stdout.write(`${JSON.stringify({ ready: 'portal', port: running.port })}\n`);
      await ended;
    });
  return portal;
}
