import { readFile } from 'node:fs/promises';
import { type TellableType, tellableType } from '@sluice/api';
import { joinDeployment } from '@sluice/identity';
import { openLog, systemClock } from '@sluice/io';
import { type Family, type IpAddress, type Port, parseIpAddress } from '@sluice/model';
import { Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { callCommand } from './calling/command.ts';
import { screenConfig } from './config.ts';
import { connectPortal, realSurroundings } from './connect.ts';
import { daemonCommand } from './daemon/command.ts';
import { websitesCommand } from './daemon/websites-command.ts';
import { readPairs, readPorts } from './io/read-pairs.ts';
import { openRelay, type Relay } from './io/relay.ts';
import { untilSignalled } from './io/until-signalled.ts';
import { runScreen } from './main.ts';
import { eventLines, resultText, stepLines } from './playing/narration.ts';
import { together } from './playing/onlookers.ts';
import { playContent } from './playing/play.ts';
import type { WantedProtection } from './receiving/media-keys.ts';

interface PortalOptions {
  readonly portal: string;
  readonly identity: string;
  readonly family?: Family;
}

interface PlayOptions extends PortalOptions {
  readonly gateway?: string;
  readonly record?: string;
  readonly sdp?: boolean;
  readonly json?: boolean;
  readonly events?: boolean;
  readonly localAddress?: readonly IpAddress[];
  readonly localPort?: Readonly<Record<string, Port>>;
  readonly firstSpeaker?: Readonly<Record<string, 'server' | 'appliance'>>;
  readonly protection?: WantedProtection;
  readonly requestId?: string;
  readonly gatewayType?: TellableType;
  readonly duration?: number;
}

/** `sluice appliance`: a device in the home that asks for content and receives it. */
export function applianceCommand(): Command {
  const appliance = new Command('appliance').description('a device in the home that asks for content and receives it');
  appliance.addCommand(playCommand());
  appliance.addCommand(listCommand());
  appliance.addCommand(callCommand());
  appliance.addCommand(screenCommand());
  appliance.addCommand(daemonCommand());
  appliance.addCommand(websitesCommand());
  return appliance;
}

function playCommand(): Command {
  return withPortal(new Command('play').description('ask for a content, receive it, and leave'))
    .argument('<id>', 'the content')
    .option('--record <file>', 'keep it: RTP in this file as it came, each TCP stream in a file beside it')
    .option('--sdp', 'print a session description, and send what comes on to the ports of 127.0.0.1 that it names')
    .option('--json', 'print the result as one JSON object at the end')
    .option('--events', 'print each moment as a JSON line as it happens')
    .option('--local-address <addresses>', "this device's addresses to name, comma separated, or none", readAddresses)
    .option('--local-port <stream=port,...>', 'ports to receive on, instead of free ones', readPorts)
    .option('--first-speaker <stream=who,...>', 'who sends first, server or appliance, by stream', readSpeakers)
    .addOption(
      new Option('--protection <how>', 'RTP as SRTP only, where the server has it, or in the clear').choices([
        'required',
        'preferred',
        'off',
      ]),
    )
    .addOption(
      new Option('--gateway-type <type>', 'what the gateway speaks; heeded where nothing else tells').choices(
        tellableType.options,
      ),
    )
    .option('--request-id <id>', 'asking again with the same id changes nothing')
    .option('--gateway <url>', 'where the gateway learns who signs; else port 8447 of the default gateway', readOrigin)
    .option('--duration <seconds>', 'leave then; else when the content ends, or at SIGINT or SIGTERM', readSeconds)
    .addHelpText(
      'after',
      `
Examples:
  sluice appliance play film --portal https://203.0.113.20:8443 --identity ./tv --record film.mp4
  sluice appliance play film --portal https://203.0.113.20:8443 --identity ./tv --sdp >film.sdp &
  ffplay -protocol_whitelist file,udp,rtp film.sdp`,
    )
    .action(async (contentId: string, options: PlayOptions) => {
      if (options.sdp && (options.json || options.events))
        throw new InvalidArgumentError('--sdp goes with neither --json nor --events: all of them write to stdout');
      using own = await joinIdentity(options);
      await using connected = connectPortal(new URL(options.portal).origin, own, options.family, options.gateway);
      let relay: Relay | undefined;
      const narration = options.events ? eventLines(print) : options.json || options.sdp ? {} : stepLines(print);
      const sending = {
        async content(_: unknown, presentation: Parameters<typeof openRelay>[0] | undefined) {
          if (!options.sdp || !presentation) return;
          relay = await openRelay(presentation);
          process.stdout.write(relay.sdp);
        },
        rtp: (...packet: Parameters<Relay['audience']['rtp']>) => relay?.audience.rtp(...packet),
        rtcp: (...packet: Parameters<Relay['audience']['rtcp']>) => relay?.audience.rtcp(...packet),
      };
      const { localAddress, localPort, firstSpeaker, protection, requestId, gatewayType, record, duration } = options;
      const wish = {
        ...{ contentId, localAddresses: localAddress, localPorts: localPort, firstSpeaker, requestId, record },
        ...{ protection, gatewayType, durationSeconds: duration },
      };
      const onlooker = together(sending, narration);
      const result = await playContent(connected.portal, wish, onlooker, realSurroundings, untilSignalled());
      await relay?.[Symbol.asyncDispose]();
      if (options.json) print(JSON.stringify(result));
      else if (options.events) print(JSON.stringify({ event: 'result', ...result }));
      else if (!options.sdp) print(resultText(result));
      if (result.verdict !== 'pass') {
        if (options.sdp) process.stderr.write(`${result.reasons.join('\n')}\n`);
        process.exitCode = 1;
      }
    });
}

function listCommand(): Command {
  return withPortal(new Command('list').description('what the portal has'))
    .option('--json', 'print it as one JSON object')
    .addHelpText('after', '\nExample:\n  sluice appliance list --portal https://203.0.113.20:8443 --identity ./tv')
    .action(async (options: PortalOptions & { json?: boolean }) => {
      using own = await joinIdentity(options);
      await using connected = connectPortal(new URL(options.portal).origin, own, options.family);
      const answer = await connected.portal.contents(options.family, untilSignalled());
      if (answer.kind === 'refused') {
        process.stderr.write(`${answer.refusal.message} (${answer.refusal.code})\n`);
        process.exitCode = 1;
      } else if (options.json) print(JSON.stringify({ contents: answer.value }));
      else
        for (const { contentId, kind, title } of answer.value)
          print(`${contentId.padEnd(16)} ${kind.padEnd(9)} ${title}`);
    });
}

function screenCommand(): Command {
  return new Command('screen')
    .description("the appliance's own screen: serves it until SIGTERM or SIGINT")
    .requiredOption('--config <file>', 'JSON configuration')
    .option('--log-level <level>', 'debug, info, warn or error', 'info')
    .addHelpText(
      'after',
      `
Example:
  sluice appliance screen --config screen.json

  screen.json: {
    "identity": "./tv",
    "portal": "https://203.0.113.20:8443",
    "listen": { "port": 8080 }
  }`,
    )
    .action(async (options: { config: string; logLevel: string }) => {
      const read = screenConfig.safeParse(JSON.parse(await readFile(options.config, 'utf8')));
      if (!read.success) throw new Error(`${options.config}: ${z.prettifyError(read.error)}`);
      const signal = untilSignalled();
      const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      await using running = await runScreen(read.data, openLog('appliance', options.logLevel), signal);
      const { socket, port } = running;
      print(JSON.stringify({ ready: 'appliance', ...(socket && { socket }), ...(port && { port }) }));
      await ended;
    });
}

function withPortal(command: Command): Command {
  return command
    .requiredOption('--portal <url>', 'where the portal is, such as https://203.0.113.20:8443')
    .requiredOption('--identity <directory>', "this device's ca.pem, cert.pem and key.pem")
    .addOption(new Option('--family <version>', 'reach the portal over IPv4 or IPv6 alone').argParser(readFamily));
}

/** One command is over before a certificate is: nothing is renewed. */
function joinIdentity({ identity }: PortalOptions) {
  return joinDeployment({ directory: identity, clock: systemClock, log: openLog('appliance', 'warn') });
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function readOrigin(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:') throw new InvalidArgumentError('an https:// URL');
  return url.origin;
}

function readFamily(text: string): Family {
  if (text !== '4' && text !== '6') throw new InvalidArgumentError('4 or 6');
  return text === '4' ? 4 : 6;
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 86_400)) throw new InvalidArgumentError('seconds, up to a day');
  return seconds;
}

function readAddresses(text: string): IpAddress[] {
  if (text === 'none') return [];
  return text.split(',').map((part) => {
    const address = parseIpAddress(part.trim());
    if (address === undefined) throw new InvalidArgumentError(`${part} is no IPv4 or IPv6 address`);
    return address;
  });
}

function readSpeakers(text: string): Record<string, 'server' | 'appliance'> {
  return Object.fromEntries(
    readPairs(text).map(([stream, who]) => {
      if (who !== 'server' && who !== 'appliance') throw new InvalidArgumentError(`${who} is not server or appliance`);
      return [stream, who];
    }),
  );
}
