import { openLog } from '@sluice/io';
import { LoadFailed, lookAround } from '@sluice/kernel';
import { Command } from 'commander';
import { z } from 'zod';
import type { GatewayConfig } from './config.ts';
import { explainFooting } from './firewall/keep-rules.ts';
import { reportAppliances, reportStatus } from './household/report.ts';
import { householdAppliances, householdStatus } from './household/status.ts';
import { askHousehold } from './io/household-socket.ts';
import { readConfig, readPolicy } from './io/read-json.ts';
import { closeHome, runGateway } from './main.ts';
import { explainPolicy } from './policy/explain.ts';

const defaultSocket = '/run/sluice/gateway.sock';

/** `sluice gateway`: the agent that opens a home, and the household's own word on it. */
export function gatewayCommand(): Command {
  const gateway = new Command('gateway').description(
    "opens a home for what it asked for; the household's own word on it",
  );
  gateway.addCommand(runCommand());
  gateway.addCommand(loadCommand());
  gateway.addCommand(checkCommand());
  gateway.addCommand(statusCommand());
  gateway.addCommand(closeCommand());
  gateway.addCommand(appliancesCommand());
  gateway.addCommand(pauseCommand());
  gateway.addCommand(resumeCommand());
  return gateway;
}

function runCommand(): Command {
  return new Command('run')
    .description('serve until SIGTERM or SIGINT; what is open then stays open until its lease ends')
    .requiredOption('--config <file>', 'JSON configuration')
    .option('--log-level <level>', 'debug, info, warn or error', 'info')
    .addHelpText(
      'after',
      `
Example:
  sluice gateway run --config gateway.json

  gateway.json: {
    "identity": "./gateway",
    "interfaces": { "wan": ["wan0"], "lan": ["lan0"] },
    "controllers": [{ "endpointId": "self::configuration-1", "url": "wss://203.0.113.21:8445/usp" }],
    "policy": "policy.json"
  }`,
    )
    .action(async (options: { config: string; logLevel: string }) => {
      const config = await readConfig(options.config);
      const ending = new AbortController();
      for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => ending.abort());
      const ended = new Promise<void>((resolve) => ending.signal.addEventListener('abort', () => resolve()));
      await using running = await runGateway(config, openLog('gateway', options.logLevel), ending.signal);
      const { endpointId, port, controlSocket } = running;
      process.stdout.write(`${JSON.stringify({ ready: 'gateway', endpointId, port, controlSocket })}\n`);
      await ended;
    });
}

function loadCommand(): Command {
  return new Command('load')
    .description(
      'close the home, and end: for a boot, before the network is up; what is open already stays until its end',
    )
    .requiredOption('--config <file>', 'JSON configuration')
    .addHelpText('after', '\nExample:\n  sluice gateway load --config gateway.json')
    .action(async (options: { config: string }) => {
      const loaded = closeHome(await readConfig(options.config));
      process.stdout.write(loaded === 'loaded' ? 'closed\n' : 'closed, but for what was open already\n');
    });
}

function checkCommand(): Command {
  return new Command('check')
    .description(
      'read the configuration and the policy, and say in sentences what they allow, and beside which firewall',
    )
    .requiredOption('--config <file>', 'JSON configuration')
    .addHelpText('after', '\nExample:\n  sluice gateway check --config gateway.json')
    .action(async (options: { config: string }) => {
      const config = await readConfig(options.config);
      const sentences = explainPolicy(await readPolicy(config), config.interfaces.lan);
      const { sentence, isRefused } = footingHere(config.mode);
      process.stdout.write(`${[sentence, ...sentences].join('\n')}\n`);
      if (isRefused) process.exitCode = 1;
    });
}

/** As what the gateway would run on this machine; only who may program its packet filter can see. */
function footingHere(mode: GatewayConfig['mode']): { sentence: string; isRefused: boolean } {
  try {
    const footing = lookAround({ mode });
    return { sentence: explainFooting(footing), isRefused: footing.mode === 'refused' };
  } catch (problem) {
    if (!(problem instanceof LoadFailed)) throw problem;
    return { sentence: `Whether another firewall is here cannot be seen: ${problem.message}.`, isRefused: false };
  }
}

function statusCommand(): Command {
  return household('status', 'what is open: from whom, to which device, until when')
    .option('--json', 'as one JSON object')
    .addHelpText('after', '\nExample:\n  sluice gateway status\n  sluice gateway status --json')
    .action(async (options: { socket: string; json?: boolean }) => {
      const status = householdStatus.parse(await ask(options.socket, 'GET', '/v1/status'));
      process.stdout.write(options.json ? `${JSON.stringify(status)}\n` : reportStatus(status));
    });
}

function closeCommand(): Command {
  return household('close', 'close an opening at once, or all of them')
    .argument('[id]', 'its id, as status shows it')
    .option('--all', 'everything')
    .addHelpText('after', '\nExample:\n  sluice gateway close o-4f1b\n  sluice gateway close --all')
    .action(async (id: string | undefined, options: { socket: string; all?: boolean }, command: Command) => {
      if ((id === undefined) === !options.all) command.error('name one id, or --all');
      const path = id === undefined ? '/v1/openings' : `/v1/openings/${encodeURIComponent(id)}`;
      tellClosed(await ask(options.socket, 'DELETE', path));
    });
}

function appliancesCommand(): Command {
  const appliances = household('appliances', 'the devices whose signatures count: they have introduced themselves')
    .option('--json', 'as one JSON object')
    .addHelpText('after', '\nExample:\n  sluice gateway appliances\n  sluice gateway appliances forget self::tv-home')
    .action(async (options: { socket: string; json?: boolean }) => {
      const known = householdAppliances.parse(await ask(options.socket, 'GET', '/v1/appliances'));
      process.stdout.write(options.json ? `${JSON.stringify(known)}\n` : reportAppliances(known));
    });
  appliances
    .command('forget')
    .description('its signature counts no more, until it introduces itself again')
    .argument('<id>', 'its id, as the list shows it')
    .addHelpText('after', '\nExample:\n  sluice gateway appliances forget self::tv-home')
    .action(async (id: string, _options: object, command: Command) => {
      const { socket } = command.optsWithGlobals<{ socket: string }>();
      await ask(socket, 'DELETE', `/v1/appliances/${encodeURIComponent(id)}`);
      process.stdout.write(`${id} is forgotten\n`);
    });
  return appliances;
}

function pauseCommand(): Command {
  return household('pause', 'close everything, and let nothing open until resume')
    .addHelpText('after', '\nExample:\n  sluice gateway pause')
    .action(async (options: { socket: string }) => tellClosed(await ask(options.socket, 'POST', '/v1/pause')));
}

function resumeCommand(): Command {
  return household('resume', 'let controllers open again')
    .addHelpText('after', '\nExample:\n  sluice gateway resume')
    .action(async (options: { socket: string }) => {
      await ask(options.socket, 'POST', '/v1/resume');
      process.stdout.write('in service\n');
    });
}

function household(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--socket <path>', "the agent's control socket", defaultSocket);
}

async function ask(socket: string, method: 'GET' | 'POST' | 'DELETE', path: string): Promise<unknown> {
  const answer = await askHousehold(socket, method, path, AbortSignal.timeout(10_000));
  if (answer.ok) return answer.body;
  throw new Error(`${answer.problem.message} (${answer.problem.code})`);
}

function tellClosed(body: unknown): void {
  const { closed } = z.object({ closed: z.number() }).parse(body);
  process.stdout.write(`${closed} ${closed === 1 ? 'opening' : 'openings'} closed\n`);
}
