/** The inside of `npm start`: runs in a world of its own, and is handed the socket that the screen is seen through. */
import { once } from 'node:events';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { readArguments } from './arguments.ts';
import { buildNetwork } from './build.ts';
import { mediaCache } from './cache.ts';
import { screenSocket } from './configurations.ts';
import { deploy } from './parts.ts';
import { homes } from './topologies/home.ts';

process.on('disconnect', () => process.exit());
const { values } = readArguments({ options: { media: { type: 'string' }, port: { type: 'string' } } });
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const handed = once(process, 'message') as Promise<[string, Server]>;

async function show(signal: AbortSignal): Promise<void> {
  say('Laying out a home, its gateway and an internet ...');
  const network = await buildNetwork(homes(), 'demo', signal);
  const cache = mediaCache();
  const deployment = await deploy(
    network,
    {
      progress: (what) => say(`${what.charAt(0).toUpperCase()}${what.slice(1)} ...`),
      ...(cache === undefined ? {} : { cache }),
      // Long enough to look around while it plays.
      overrides: { 'media-server': { filmSeconds: 60, ...(values.media ? { ownDirectory: values.media } : {}) } },
    },
    signal,
  );
  await deployment.start('tv-1', signal);
  const [, server] = await handed;
  const socket = screenSocket(deployment.directories, 'tv-1');
  server.on('connection', (person: Socket) => {
    const screen = connect(socket);
    // A tab that was closed, or a screen that has ended: the other side learns it by its end.
    const over = (): void => {};
    pipeline(person, screen, over);
    pipeline(screen, person, over);
  });
  const { port } = server.address() as AddressInfo;
  say(`
You sit before the television of a home whose gateway is closed:

    http://127.0.0.1:${port}/

Choose the film there and watch it come through. Ctrl-C takes everything away.
One session without a browser, with all its proofs: npm start -- --once`);
  for (const host of ['gateway-1', 'configuration', 'portal', 'media', 'tv-1'])
    void deployment.part(host).ended.then(({ code }) => {
      say(`${deployment.part(host).name} has ended (status ${code}):`);
      for (const line of deployment.part(host).log.slice(-10)) say(`  ${line}`);
    });
}

try {
  await show(AbortSignal.timeout(120_000));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}
