import { ask, seenView } from '@sluice/api';
import { clientTls, joinDeployment, type Membership, peerIdentity } from '@sluice/identity';
import { httpsPeer, openLog, systemClock } from '@sluice/io';
import type { IpAddress } from '@sluice/model';
import { Command, InvalidArgumentError } from 'commander';
import { concluded } from './conclusions.ts';
import { lookAtHome } from './look.ts';
import { realLook } from './real-look.ts';
import { type ProbeReport, reportText } from './report.ts';

interface ProbeOptions {
  readonly portal?: string;
  readonly identity?: string;
  readonly json?: boolean;
}

/** Longest wait for a portal, ms. */
const portalMs = 3_000;

/** `sluice probe`: which gateway this network has, what it can do, and what is in the way. */
export function probeCommand(): Command {
  return new Command('probe')
    .description('which gateway this network has, what it can do, and what is in the way')
    .option('--portal <url>', 'ask this portal where it sees this device come from; needs --identity')
    .option('--identity <directory>', "this device's ca.pem, cert.pem and key.pem")
    .option('--json', 'print what was seen and what follows as one JSON object')
    .addHelpText(
      'after',
      `
Looks in every way at once, for three seconds at most, and changes nothing at the gateway.

Examples:
  sluice probe
  sluice probe --portal https://203.0.113.20:8443 --identity ./tv --json`,
    )
    .action(async ({ portal, identity, json }: ProbeOptions) => {
      if (portal !== undefined && identity === undefined)
        throw new InvalidArgumentError(
          '--portal needs --identity: a portal speaks to appliances of its deployment alone',
        );
      const report = await probe(portal, identity, (line) => process.stderr.write(`${line}\n`));
      process.stdout.write(`${json ? JSON.stringify(report) : reportText(report)}\n`);
    });
}

async function probe(
  portal: string | undefined,
  directory: string | undefined,
  progress: (line: string) => void,
): Promise<ProbeReport> {
  await using stack = new AsyncDisposableStack();
  const own =
    directory === undefined
      ? undefined
      : stack.use(await joinDeployment({ directory, clock: systemClock, log: openLog('probe', 'warn') }));
  const { signal } = new AbortController();
  progress('Looking for a gateway: agent, PCP, UPnP, NAT-PMP ...');
  const [sightings, seen] = await Promise.all([
    lookAtHome(realLook(own?.identity), signal, (way, isThere) => progress(`  ${way}: ${isThere ? 'there' : 'no'}`)),
    portal !== undefined && own ? askPortal(portal, own, signal) : undefined,
  ]);
  const portalSaw = seen && 'address' in seen ? seen.address : undefined;
  return {
    ...concluded(sightings, portalSaw),
    ...(portalSaw !== undefined && { portalSaw }),
    ...(seen && 'error' in seen && { portalError: seen.error }),
    sightings,
  };
}

/** Where a portal sees this device come from, or why it does not say. */
async function askPortal(
  portal: string,
  { identity, watch }: Membership,
  signal: AbortSignal,
): Promise<{ readonly address: IpAddress } | { readonly error: string }> {
  await using peer = httpsPeer({
    origin: new URL(portal).origin,
    tls: clientTls(identity),
    accepts: (socket) => watch.admits(socket) && peerIdentity(socket)?.role === 'portal',
    connections: 1,
  });
  const question = { method: 'GET', path: '/v1/seen', mostMs: portalMs } as const;
  const answer = await ask({ name: 'portal', peer, clock: systemClock }, seenView, question, signal);
  return answer.kind === 'granted' ? { address: answer.value.observed.address } : { error: answer.refusal.message };
}
