import { joinDeployment } from '@sluice/identity';
import { openLog, systemClock } from '@sluice/io';
import { type Family, familyOf, parseIpAddress, refuse, wait } from '@sluice/model';
import { Command } from 'commander';
import { connectPortal, realSurroundings } from '../connect.ts';
import { openUdpPair } from '../io/udp-port.ts';
import { joinCall } from './call.ts';
import { exchangeTone } from './tone.ts';

interface CallOptions {
  readonly portal: string;
  readonly identity: string;
  readonly with: string;
  readonly gateway?: string;
  readonly seconds: string;
  readonly json?: boolean;
}

/** `sluice appliance call`: a tone, both ways, between two devices. */
export function callCommand(): Command {
  return new Command('call')
    .description('speak to another appliance directly: a tone both ways, and what came of it')
    .argument('<name>', 'what both parties call it')
    .requiredOption('--with <appliance>', "the other party's id; it names this one")
    .requiredOption('--portal <url>', 'where the portal is')
    .requiredOption('--identity <directory>', 'the certificate and key of this appliance')
    .option('--gateway <url>', 'where the gateway learns who signs; else port 8447 of the default gateway')
    .option('--seconds <number>', 'how long', '5')
    .option('--json', 'print the result as one JSON object')
    .addHelpText(
      'after',
      `
Example, one of them in each home:
  sluice appliance call hello --with self::tv-b --portal https://203.0.113.20:8443 --identity ./tv-a
  sluice appliance call hello --with self::tv-a --portal https://203.0.113.20:8443 --identity ./tv-b`,
    )
    .action(async (name: string, options: CallOptions) => {
      const log = openLog('appliance', 'warn');
      using own = await joinDeployment({ directory: options.identity, clock: systemClock, log });
      const origin = new URL(options.portal);
      await using connected = connectPortal(origin.origin, own, undefined, options.gateway);
      await using opened = new AsyncDisposableStack();
      const [rtp, rtcp] = await openUdpPair(familyOfHost(origin.hostname));
      opened.use(rtp);
      opened.use(rtcp);
      const patient = new AbortController().signal;
      // This connection is where the gateway finds the device, and tells it its own address.
      await connected.portal.contents(undefined, patient);
      const streams = [
        { id: 'audio', streamType: 'rtp', localPort: rtp.port },
        { id: 'audio-rtcp', streamType: 'rtcp', localPort: rtcp.port, pairedWith: 'audio' },
      ] as const;
      const wish = { callId: name, with: options.with, streams };
      const answer = await joinCall(connected.portal, wish, { clock: systemClock }, patient);
      if (answer.kind === 'refused') return tell(options, { verdict: 'refused', ...answer.refusal });
      await using call = answer.value;
      const [audio] = call.answer.streams;
      if (!audio) return tell(options, { verdict: 'refused', ...refuse('part-unreachable', 'no stream was opened') });
      const tone = exchangeTone(rtp, audio, realSurroundings);
      const hungUp = new AbortController();
      const seconds = wait(systemClock, Number(options.seconds) * 1_000, hungUp.signal).then(() => undefined);
      const ended = await Promise.race([seconds, call.ended]);
      hungUp.abort();
      const result = tone.stop();
      const { way, sessionId, steps, held, heldNotes } = call.answer;
      const passed = result.received > 0 && result.from.length === 1;
      tell(options, {
        verdict: passed ? 'pass' : 'fail',
        ...{ way, sessionId, remote: audio.remote, global: audio.global, steps, ...result, held, heldNotes },
        ...(ended !== undefined && { ended }),
      });
    });
}

function familyOfHost(hostname: string): Family {
  const address = parseIpAddress(hostname.replace(/^\[|\]$/g, ''));
  return address === undefined ? 4 : familyOf(address);
}

function tell({ json }: CallOptions, result: Record<string, unknown> & { readonly verdict: string }): void {
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else
    for (const [name, value] of Object.entries(result))
      if (value !== undefined)
        process.stdout.write(`${name}: ${typeof value === 'object' ? JSON.stringify(value) : value}\n`);
  if (result.verdict !== 'pass') process.exitCode = 1;
}
