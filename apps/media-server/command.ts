import { readFile } from 'node:fs/promises';
import { openLog } from '@sluice/io';
import { Command } from 'commander';
import { z } from 'zod';
import { portPlan } from './catalogue.ts';
import { type MediaServerConfig, mediaServerConfig } from './config.ts';
import { prepareContents, runMediaServer } from './main.ts';

interface Options {
  readonly config: string;
  readonly media?: string;
  readonly logLevel: string;
}

const example = (line: string) => `
Example:
  ${line}

  media-server.json: {
    "identity": "./media-server",
    "listen": { "hosts": ["::"], "port": 8446 },
    "addresses": { "4": "203.0.113.10", "6": "2001:db8:1::10" },
    "firstPort": 7000,
    "mediaDirectory": "./media"
  }`;

/** `sluice media-server`: sends contents from its own ports. */
export function mediaServerCommand(): Command {
  const server = new Command('media-server').description('sends contents, stream by stream, from its own ports');
  shared(server.command('run').description('serve until SIGTERM or SIGINT'))
    .addHelpText('after', example('sluice media-server run --config media-server.json --media ~/films'))
    .action(async (options: Options) => {
      const signal = endSignal();
      const config = await readConfig(options);
      try {
        await using running = await runMediaServer(config, openLog('media-server', options.logLevel), signal);
        process.stdout.write(`${JSON.stringify({ ready: 'media-server', port: running.port })}\n`);
        await aborted(signal);
      } catch (error) {
        // Ended while media were still being made: that is no failure.
        if (error !== signal.reason) throw error;
      }
    });
  shared(server.command('contents').description('make ready what is to be sent, and list it with its ports'))
    .addHelpText('after', example('sluice media-server contents --config media-server.json'))
    .action(async (options: Options) => {
      const config = await readConfig(options);
      const contents = await prepareContents(config, openLog('media-server', options.logLevel), endSignal());
      const ports = portPlan(contents, config.firstPort);
      for (const [index, { contentId, kind, title, durationSeconds, streams }] of contents.entries()) {
        const length = durationSeconds === undefined ? '' : `, ${durationSeconds} s`;
        process.stdout.write(`${contentId}: ${title} (${kind}${length})\n`);
        for (const [place, { id, streamType }] of streams.entries()) {
          process.stdout.write(
            `  ${id} ${streamType} ${config.firstPort === 0 ? 'any port' : ports[index]?.[place]}\n`,
          );
        }
      }
    });
  return server;
}

function shared(command: Command): Command {
  return command
    .requiredOption('--config <file>', 'JSON configuration')
    .option('--media <directory>', 'offer the films, sounds and other files of this directory too')
    .option('--log-level <level>', 'debug, info, warn or error', 'info');
}

async function readConfig(options: Options): Promise<MediaServerConfig> {
  const read = mediaServerConfig.safeParse(JSON.parse(await readFile(options.config, 'utf8')));
  if (!read.success) throw new Error(`${options.config}: ${z.prettifyError(read.error)}`);
  return options.media === undefined ? read.data : { ...read.data, ownDirectory: options.media };
}

function endSignal(): AbortSignal {
  const ending = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const)
    process.once(name, () => ending.abort(new Error(`ended by ${name}`)));
  return ending.signal;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
