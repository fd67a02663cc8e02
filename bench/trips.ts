import { request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { mediaCache } from '../lab/cache.ts';
import { screenSocket } from '../lab/configurations.ts';
import { type BuiltNetwork, buildNetwork, homes } from '../lab/index.ts';
import { type Sniffed, Sniffer } from '../lab/packets/index.ts';
import { deploy } from '../lab/parts.ts';
import type { Benchmark } from './figures.ts';

const rounds = 10;
/** The way of one request as it is designed: there and back on each leg, and the media on their way before the answer is. */
const needed = 7;

/** How often a request has to wait for a packet to cross, from the click to the first packet. */
export const tripsBenchmark: Benchmark = {
  name: 'trips',
  about: 'one-way trips from the click to the first media packet, counted in what passes on the wires',
  async run(say, signal) {
    await using network = await buildNetwork(homes(), 'bench', signal);
    const cache = mediaCache();
    await using home = await deploy(network, cache === undefined ? {} : { cache }, signal);
    await home.start('tv-1', signal);
    const screen = screenSocket(home.directories, 'tv-1');
    const seen: (readonly string[])[] = [];
    for (let round = 0; round < rounds; round++) seen.push(await click(network, screen, signal));
    seen.sort((one, other) => one.length - other.length);
    const usual = seen[Math.floor(rounds / 2)] ?? [];
    say({ name: 'the way of one', figure: usual.join(', ') });
    say({
      name: 'one-way trips before the first packet is there',
      figure: `${usual.length} at the median (${seen[0]?.length} to ${seen.at(-1)?.length}, ${rounds} clicks; the design needs ${needed})`,
      holds: usual.length <= needed,
    });
  },
};

/** The turns that the first packet waits for, in order. What goes on beside (a lease made longer, an answer to the device) it does not wait for. */
async function click(network: BuiltNetwork, screen: string, signal: AbortSignal): Promise<readonly string[]> {
  await asked(screen, 'GET', '/', undefined, signal);
  const page = await asked(screen, 'GET', '/play/film', undefined, signal);
  const token = /[0-9a-f]{32}/.exec(page)?.[0] ?? '';
  await quiet(network, signal);
  const names = new Map(
    Object.entries({
      device: 'gateway-1',
      portal: 'portal',
      'configuration server': 'configuration',
      media: 'media',
    }).map(([name, host]) => [network.address(host, 4, 'internet'), name]),
  );
  using portal = new Sniffer(network.namespace('portal'), 'eth0');
  using configuration = new Sniffer(network.namespace('configuration'), 'eth0');
  using gateway = new Sniffer(network.namespace('gateway-1'), 'wan0');
  const show = JSON.parse(await asked(screen, 'POST', '/shows', { token, json: { contentId: 'film' } }, signal));
  const media = network.address('media', 4);
  const isMedia = ({ packet }: Sniffed) => packet.transport === 'udp' && packet.from.address === media;
  while (!gateway.seen().some(isMedia)) await setTimeout(20, undefined, { signal });
  const answered = 'configuration server to portal';
  const atPortal = since('device to portal', turns(portal.seen(), 'portal', names));
  const asking = 'portal to configuration server';
  const atConfiguration = upTo(answered, since(asking, turns(configuration.seen(), 'configuration server', names)));
  await asked(screen, 'POST', `/shows/${show.showId}/leave`, { token, json: {} }, signal);
  const inside = atConfiguration
    .filter((turn) => !turn.includes('portal'))
    .map((turn) => turn.replace('device', 'gateway'));
  // What the portal asks the media server meanwhile, whether it still has the same contents, nobody waits for.
  const before = upTo(asking, atPortal).filter((turn) => !turn.includes('media'));
  const after = upTo('portal to media', since(answered, atPortal));
  return [...before, ...inside, ...after, 'media to device'];
}

/** What was prepared for the click is through, and so is what the click before left under way. */
async function quiet(network: BuiltNetwork, signal: AbortSignal): Promise<void> {
  using gateway = new Sniffer(network.namespace('gateway-1'), 'wan0');
  for (let before = -1; before < gateway.seen().length; ) {
    before = gateway.seen().length;
    await setTimeout(500, undefined, { signal });
  }
}

/** What a host and its peers say to each other: packets that carry something, those in a row from one to one as one. */
function turns(seen: readonly Sniffed[], own: string, names: ReadonlyMap<string, string>): readonly string[] {
  const said: string[] = [];
  for (const { packet } of seen) {
    if (packet.transport !== 'tcp' || packet.payload.length === 0) continue;
    const [from, to] = [names.get(packet.from.address), names.get(packet.to.address)];
    const turn = `${from} to ${to}`;
    if (from !== undefined && to !== undefined && [from, to].includes(own) && said.at(-1) !== turn) said.push(turn);
  }
  return said;
}

/** The first of it and all after: what came before belongs to the click before. */
function since(first: string, said: readonly string[]): readonly string[] {
  return said.slice(Math.max(0, said.indexOf(first)));
}

/** All before the first of it, and that. */
function upTo(last: string, said: readonly string[]): readonly string[] {
  const at = said.indexOf(last);
  if (at < 0) throw new Error(`no "${last}" in: ${said.join(', ')}`);
  return said.slice(0, at + 1);
}

function asked(
  socketPath: string,
  method: string,
  path: string,
  body: { readonly token: string; readonly json: object } | undefined,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = {
      host: 'localhost',
      ...(body && { 'x-screen-token': body.token, 'content-type': 'application/json' }),
    };
    const asking = request({ socketPath, method, path, headers, signal }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () => resolve(Buffer.concat(pieces).toString()));
    });
    asking.on('error', reject);
    asking.end(body && JSON.stringify(body.json));
  });
}
