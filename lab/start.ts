import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { endWith, readArguments } from './arguments.ts';
import { gatewayTypes } from './gateway-rows.ts';
import { listOf, sceneNamed, scenes } from './scenes.ts';
import { home } from './topologies/home.ts';
import { familiesOf, mainFamily, type Scene } from './topologies/scene.ts';
import { enterWorld, findWorld } from './world.ts';

const { values } = readArguments({
  options: {
    port: { type: 'string' },
    media: { type: 'string' },
    once: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    content: { type: 'string' },
    family: { type: 'string' },
    gateway: { type: 'string' },
    topology: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});
if (values.list) {
  process.stdout.write(`${listOf(scenes)}\n`);
  process.exit();
}
if (!values.once && (values.json || values.content || values.family || values.gateway || values.topology))
  endWith('--json, --content, --family, --gateway and --topology go with --once.');
if (values.gateway !== undefined && !gatewayTypes.includes(values.gateway))
  endWith(`--gateway is one of ${gatewayTypes.join(', ')}.`);
if (values.family !== undefined && !/^[46]$/.test(values.family)) endWith('--family is 4 or 6.');
const scene = namedScene(values.topology ?? home.name);
if (values.gateway !== undefined && scene !== home)
  endWith(`--gateway goes with --topology ${home.name}: ${scene.name} has gateways of its own.`);
const families = familiesOf(scene);
if (values.family !== undefined && !families.some((family) => `${family}` === values.family))
  endWith(`${scene.name} has no session over IPv${values.family}; there it is over IPv${families.join(' or IPv')}.`);
const family = values.family === undefined ? mainFamily(scene) : values.family === '6' ? 6 : 4;
if (values.content !== undefined && scene.session[family] === 'call')
  endWith(`--content: in ${scene.name} there is a call, and no content.`);
const port = Number(values.port ?? 8080);
if (!Number.isInteger(port) || port < 0 || port > 65535) endWith('--port is a number from 0 to 65535.');

// npm runs scripts in the checkout; a path is meant from where the person stands.
const media = values.media === undefined ? undefined : resolve(process.env.INIT_CWD ?? '.', values.media);
if (media !== undefined && !existsSync(media)) endWith(`--media: there is no ${media}.`);
if (media?.startsWith('/run/'))
  endWith('--media: /run cannot be seen from inside the lab; copy or mount it elsewhere.');

const found = findWorld();
if ('reason' in found) endWith(found.reason);

const screen = values.once ? undefined : await listen(port, values.port === undefined);
const program = join(import.meta.dirname, values.once ? 'once-main.ts' : 'demo.ts');
const world = enterWorld([process.execPath, program, ...process.argv.slice(2), ...(media ? ['--media', media] : [])], {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
});
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    stopping = true;
    // The kernel does the tidying: with its first process, everything of the world goes.
    world.kill('SIGKILL');
  });
}
// The world gets the listening socket itself: it stays one of this machine's network, wherever it is used.
if (screen) world.send('screen', screen, () => screen.close());
world.on('exit', (code) => {
  if (!stopping) process.exitCode = code ?? 1;
  else if (values.once) process.exitCode = 130;
  else process.stderr.write('\nStopped; nothing is left behind.\n');
});

function namedScene(name: string): Scene {
  try {
    return sceneNamed(name);
  } catch (error) {
    endWith(`${(error as Error).message}; --list tells what each is.`);
  }
}

/** Listens on 127.0.0.1; where `orNext` is set, on the next free port of the following 100. */
async function listen(wanted: number, orNext: boolean): Promise<Server> {
  for (let port = wanted; ; port++) {
    const server = createServer();
    const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      server.once('error', resolve);
      server.listen({ port, host: '127.0.0.1' }, () => resolve(undefined));
    });
    if (!failure) return server;
    if (failure.code === 'EADDRINUSE' && orNext && port < wanted + 100) continue;
    endWith(`127.0.0.1:${port} cannot be listened on (${failure.code}); choose another with --port.`);
  }
}
