import { readFile } from 'node:fs/promises';
import { describeUnfit } from '@sluice/api';
import { configurationServerConfig, runConfigurationServer } from '@sluice/configuration-server';
import { type Log, openLog, PartsBeside } from '@sluice/io';
import { mediaServerConfig, runMediaServer } from '@sluice/media-server';
import { portalConfig, runPortal } from '@sluice/portal';
import { Command } from 'commander';

/** What may run in one process, in the order in which it starts. */
const names = ['configuration-server', 'media-server', 'portal'] as const;

/** The configuration of each part that is to run in one process, as its own file has it; those left out run elsewhere. */
export type PartsConfig = { readonly [Name in (typeof names)[number]]?: unknown };

/** Parts that serve, in one process. Disposing of it stops them, the last one started first. */
export interface RunningParts extends AsyncDisposable {
  /** The ports of each part, by its name. */
  readonly ports: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/**
 * Starts the parts that the configuration names; resolves when all serve. Each finds one that is `beside` it in memory, as
 * it would find it over the network. Throws RangeError where a configuration does not fit, and what a part that does not
 * start throws.
 */
export async function runParts(
  config: PartsConfig,
  log: (part: string) => Log,
  signal: AbortSignal,
): Promise<RunningParts> {
  const stray = Object.keys(config).find((name) => !names.some((known) => known === name));
  if (stray !== undefined || Object.keys(config).length === 0)
    throw new RangeError(`${stray ?? 'nothing'} is no part that runs here; there are ${names.join(', ')}`);
  const wanted = {
    configurationServer: sectionOf(config, 'configuration-server', configurationServerConfig),
    mediaServer: sectionOf(config, 'media-server', mediaServerConfig),
    portal: sectionOf(config, 'portal', portalConfig),
  };
  const beside = new PartsBeside();
  const ports: Record<string, Record<string, number>> = {};
  await using started = new AsyncDisposableStack();
  if (wanted.configurationServer) {
    const part = 'configuration-server';
    const running = started.use(await runConfigurationServer(wanted.configurationServer, log(part), signal, beside));
    ports[part] = { api: running.apiPort, usp: running.uspPort };
  }
  if (wanted.mediaServer) {
    const running = started.use(await runMediaServer(wanted.mediaServer, log('media-server'), signal, beside));
    ports['media-server'] = { api: running.port };
  }
  if (wanted.portal) {
    const running = started.use(await runPortal(wanted.portal, log('portal'), signal, beside));
    ports.portal = { https: running.port, ...(running.rtspPort !== undefined && { rtsp: running.rtspPort }) };
  }
  const running = started.move();
  return { ports, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** As far as a schema is needed here. */
interface Schema<T> {
  safeParse(
    value: unknown,
  ): { success: true; data: T } | { success: false; error: Parameters<typeof describeUnfit>[0] };
}

function sectionOf<T>(config: PartsConfig, name: keyof PartsConfig, schema: Schema<T>): T | undefined {
  if (config[name] === undefined) return undefined;
  const read = schema.safeParse(config[name]);
  if (read.success) return read.data;
  throw new RangeError(`${name}: ${describeUnfit(read.error, 'the configuration')}`);
}

/** `sluice parts`: several parts in one process. */
export function partsCommand(): Command {
  const parts = new Command('parts').description(
    'configuration server, media server and portal in one process, or two of them',
  );
  parts
    .command('run')
    .description('serve until SIGTERM or SIGINT')
    .requiredOption('--config <file>', 'JSON configuration: a member for each part')
    .option('--log-level <level>', 'debug, info, warn or error', 'info')
    .addHelpText(
      'after',
      `
Example:
  sluice parts run --config parts.json

  parts.json: {
    "configuration-server": { "identity": "./configuration", "database": "./configuration.sqlite" },
    "media-server": {
      "identity": "./media-server", "configurationServer": "beside",
      "addresses": { "4": "203.0.113.10" }, "mediaDirectory": "./media"
    },
    "portal": { "identity": "./portal", "configurationServer": "beside", "mediaServers": ["beside"] }
  }

  Leave one out, and name its https:// address in its place, and it runs elsewhere.`,
    )
    .action(async (options: { config: string; logLevel: string }) => {
      const config: unknown = JSON.parse(await readFile(options.config, 'utf8'));
      const ending = new AbortController();
      for (const name of ['SIGTERM', 'SIGINT'] as const)
        process.once(name, () => ending.abort(new Error(`ended by ${name}`)));
      const ended = new Promise<void>((resolve) => ending.signal.addEventListener('abort', () => resolve()));
      try {
        await using running = await runParts(
          config as PartsConfig,
          (part) => openLog(part, options.logLevel),
          ending.signal,
        );
        process.stdout.write(`${JSON.stringify({ ready: 'parts', ...running.ports })}\n`);
        await ended;
      } catch (error) {
        // Ended before it served: that is no failure.
        if (error !== ending.signal.reason) throw error;
      }
    });
  return parts;
}
