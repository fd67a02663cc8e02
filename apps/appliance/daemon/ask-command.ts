import { formatEndpoint, type Port } from '@sluice/model';
import { Command } from 'commander';
import { readPorts } from '../io/read-pairs.ts';
import { untilSignalled } from '../io/until-signalled.ts';
import { askDaemon } from './client.ts';
import type { SessionEvent } from './program-session.ts';

/** Where the daemon's socket is unless its configuration says otherwise. */
export const usualSocket = '/run/sluice-appliance/socket';

interface AskOptions {
  readonly ports: Readonly<Record<string, Port>>;
  readonly socket: string;
  readonly json?: boolean;
}

/** `sluice ask`: what a program asks the daemon of its device, for a shell. */
export function askCommand(): Command {
  return new Command('ask')
    .description("have this device's daemon open the home for ports that a program here has open, until SIGINT")
    .argument('<id>', 'the content')
    .requiredOption('--ports <stream=port,...>', 'the open ports, by stream', readPorts)
    .option('--socket <path>', "the daemon's socket", usualSocket)
    .option('--json', 'print what happens as JSON lines')
    .addHelpText('after', '\nExample:\n  sluice ask radio --ports audio=5000')
    .action(async (contentId: string, { ports, socket, json }: AskOptions) => {
      const signal = untilSignalled();
      const events = askDaemon(socket, { contentId, localPorts: ports, firstSpeaker: {} }, signal);
      try {
        for (;;) {
          const { done, value } = await events.next();
          if (done) {
            if (value) fail(json ? JSON.stringify({ event: 'refused', ...value }) : `${value.message} (${value.code})`);
            return;
          }
          process.stdout.write(`${json ? JSON.stringify(value) : textOf(value)}\n`);
        }
      } catch (error) {
        // The connection ended as it was told to: the daemon leaves.
        if (!signal.aborted) throw error;
      }
    });
}

function fail(text: string): void {
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}

function textOf(event: SessionEvent): string {
  switch (event.event) {
    case 'open': {
      const { sessionId, until, streams } = event.session;
      const lines = streams.map(
        ({ id, remote, global, local, protection }) =>
          `  ${id.padEnd(16)} ${formatEndpoint(remote)} -> ${formatEndpoint(global)} -> ${formatEndpoint(local)}  ${protection ?? ''}`,
      );
      return [`${sessionId} is open until ${timeOf(until)}`, ...lines].join('\n');
    }
    case 'until':
      return `open until ${timeOf(event.until)}`;
    case 'unknown':
      return `how it stands is not known: ${event.reason}`;
    case 'closed':
      return `closed: ${event.reason}`;
  }
}

function timeOf(instant: number): string {
  return new Date(instant).toISOString();
}
