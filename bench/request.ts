import type { Content, SessionRequest } from '@sluice/api';
import { mediaCache } from '../lab/cache.ts';
import { apiOf, hostDirectory, originOf, partPorts } from '../lab/configurations.ts';
import { buildNetwork, homes, run } from '../lab/index.ts';
import { view } from '../lab/once/viewer.ts';
import { type Deployment, deploy } from '../lab/parts.ts';
import { type Benchmark, describeSpread, spreadOf } from './figures.ts';
import { fsyncSpread } from './fsync.ts';

const rounds = 500;
/** A database on disk: durability is part of what is measured. */
const place = '/var/tmp';

interface Samples {
  /** From the portal's question to its answer, ms. */
  readonly asked: readonly number[];
  /** From the first to the last step of the session's timeline, ms. */
  readonly answered: readonly number[];
}

/** A five-stream request, from the portal's question to the configuration server's answer, the gateway opened in between. */
export const requestBenchmark: Benchmark = {
  name: 'request',
  about: 'a five-stream request at the configuration server, over real TLS, to a real gateway',
  async run(say, signal) {
    const disk = fsyncSpread(place);
    const signed = await ask('required', signal);
    const unsigned = await ask('off', signal);
    const whole = spreadOf(signed.asked);
    const bare = spreadOf(unsigned.asked);
    say({
      name: 'asked to answered, at the portal, signed by the device and checked by the gateway',
      figure: `${describeSpread(whole, 'ms')} (under 5 and 20)`,
      holds: whole.p50 < 5 && whole.p99 < 20,
    });
    say({ name: 'the same by the session timeline', figure: describeSpread(spreadOf(signed.answered), 'ms') });
    say({ name: 'asked to answered, without consent', figure: describeSpread(bare, 'ms') });
    say({
      name: 'with consent against without, at p50',
      figure: `${(whole.p50 / bare.p50).toFixed(2)} (at most 1.25)`,
      holds: whole.p50 / bare.p50 <= 1.25,
    });
    say({ name: `bare fdatasync of 4 KiB in ${place}`, figure: describeSpread(disk, 'ms') });
    say({ name: 'request against fdatasync, at p50', figure: `${(whole.p50 / disk.p50).toFixed(1)} times` });
  },
};

/** Asks for the film {@link rounds} times, at a home that wants consent so. */
async function ask(consent: 'required' | 'off', signal: AbortSignal): Promise<Samples> {
  await using network = await buildNetwork(homes(), 'bench', signal);
  const cache = mediaCache();
  const database = `${place}/sluice-bench-${process.pid}.sqlite`;
  // One television asks more often than any person would.
  const often = { burst: 1_000_000, perSecond: 1_000_000 };
  const limits = { requests: { appliance: often, gateway: often, address: often } };
  const overrides = { 'configuration-server': { database, limits }, gateway: { policy: { consent } } };
  try {
    await using home = await deploy(network, { overrides, ...(cache === undefined ? {} : { cache }) }, signal);
    const film = await filmOf(home, signal);
    // The television introduces itself to its gateway, and leaves the connection that the requests are tied to.
    await using viewing = await view(home, { contentId: 'film', family: 4, localPorts: {}, firstSpeaker: {} }, signal);
    const { sessionId } = await viewing.open;
    const flow = await flowOfTelevision(home, signal);
    // A film on the same two cores would be measured too: it ends, and the television, held still, keeps its connection.
    viewing.process.kill('SIGSTOP');
    await using _ = { [Symbol.asyncDispose]: async () => viewing.process.kill('SIGCONT') };
    await home.operator.ask('DELETE', `${apiOf(network)}/v1/sessions/${sessionId}`, undefined, signal);
    const request: Omit<SessionRequest, 'requestId'> = {
      applianceId: 'self::tv-1',
      contentId: 'film',
      flow,
      localAddresses: [network.address('tv-1', 4)],
      streams: film.streams.map((stream, index) => ({ ...stream, localPort: 15_000 + index })),
    };
    const out = await run(
      [
        'nsenter',
        `--net=${network.namespace('portal')}`,
        process.execPath,
        new URL('request-asker.ts', import.meta.url).pathname,
        hostDirectory(home.directories, 'portal'),
        apiOf(network),
        String(rounds),
        JSON.stringify(request),
        ...(consent === 'off' ? [] : [hostDirectory(home.directories, 'tv-1')]),
      ],
      signal,
    );
    return JSON.parse(out) as Samples;
  } finally {
    await run(['sh', '-c', 'rm -rf "$1" "$1"-*', 'sh', database], AbortSignal.timeout(5_000));
  }
}

async function filmOf({ network, operator }: Deployment, signal: AbortSignal): Promise<Content> {
  const url = `${originOf(network, 'portal', partPorts.portal)}/v1/contents?family=4`;
  const { body } = await operator.ask('GET', url, undefined, signal);
  const film = (body as { contents: Content[] }).contents.find(({ contentId }) => contentId === 'film');
  if (!film) throw new Error('the media server offers no film');
  return film;
}

/** The television's own connection to the portal, as the gateway's translation table has it. */
async function flowOfTelevision({ network }: Deployment, signal: AbortSignal): Promise<SessionRequest['flow']> {
  const list = ['conntrack', '-L', '-p', 'tcp', '--dport', String(partPorts.portal), '--state', 'ESTABLISHED'];
  const text = await run(['nsenter', `--net=${network.namespace('gateway-1')}`, '--', ...list], signal);
  const port = new RegExp(`sport=${partPorts.portal} dport=(\\d+)`).exec(text)?.[1];
  if (port === undefined) throw new Error(`no flow of the television in: ${text}`);
  return {
    portal: { address: network.address('portal', 4), port: partPorts.portal },
    observed: { address: network.address('gateway-1', 4, 'internet'), port: Number(port) },
  };
}
