import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { type HostProcess, startOnHost } from '../process.ts';
import { run } from '../run.ts';
import { firewallFiles, firewallsCannotRun } from './firewall-files.ts';

/** Where `lab/bin/prepare.mjs` unpacked Debian's Docker. */
const place = join(import.meta.dirname, '../../.cache/docker');

/** Debian's dockerd on a gateway, with its bridge and its rules and without a container. Disposing ends it. */
export interface Docker extends AsyncDisposable {
  /** Runs a command beside it: iptables(8). */
  run(command: readonly string[], signal: AbortSignal, input?: string): Promise<string>;
  /** Makes a network with a bridge of its own. */
  makeNetwork(name: string, signal: AbortSignal): Promise<void>;
  /** Ends it, and starts it anew. Its rules stand when it resolves. */
  restart(signal: AbortSignal): Promise<void>;
}

/** Why it cannot run here; undefined where it can. To be asked inside a world. */
export async function dockerCannotRun(): Promise<string | undefined> {
  if (!existsSync(join(place, 'complete'))) return 'docker.io could not be downloaded';
  return firewallsCannotRun();
}

/** Starts it, with its own defaults. Its rules stand when it resolves. */
export async function startDocker(namespace: string, signal: AbortSignal): Promise<Docker> {
  await using started = new AsyncDisposableStack();
  const files = started.use(firewallFiles());
  const within = (name: string) => join(files.directory, name);
  const socket = within('docker.sock');
  const command = files.over([
    // Its own configuration, whatever this machine's is.
    ...['sh', '-ec', 'mkdir -p /etc/docker; mount -t tmpfs none /etc/docker; exec "$@"', 'sh'],
    ...['env', `PATH=${place}:${process.env.PATH}`, 'dockerd', '--storage-driver=vfs', `--host=unix://${socket}`],
    ...[`--data-root=${within('data')}`, `--exec-root=${within('run')}`, `--pidfile=${within('pid')}`],
  ]);
  const start = async (until: AbortSignal): Promise<HostProcess> => {
    const { promise: listens, resolve } = Promise.withResolvers<void>();
    const onLine = (line: string) => void (line.includes('API listen on') && resolve());
    const daemon = await startOnHost({ name: 'dockerd', namespace, command, becomesReady: false, onLine }, until);
    const ended = daemon.ended.then(() => {
      throw new Error(`dockerd does not start: ${daemon.log.slice(-5).join('; ')}`);
    });
    const late = once(until, 'abort').then(() => {
      throw until.reason;
    });
    ended.catch(() => undefined);
    late.catch(() => undefined);
    await Promise.race([listens, ended, late]);
    return daemon;
  };
  let daemon = await start(signal);
  started.defer(() => daemon.stop());
  const owned = started.move();
  return {
    run: (command, until, input) => run(['nsenter', `--net=${namespace}`, '--', ...files.over(command)], until, input),
    makeNetwork: (name, until) => ask(socket, '/networks/create', { Name: name, Driver: 'bridge' }, until),
    async restart(until) {
      await daemon.stop();
      daemon = await start(until);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** One request of its API. Rejects where it is refused. */
async function ask(socketPath: string, path: string, body: object, signal: AbortSignal): Promise<void> {
  const headers = { 'Content-Type': 'application/json' };
  const sent = request({ socketPath, path, method: 'POST', headers, agent: false, signal });
  sent.end(JSON.stringify(body));
  const [answer] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  const text = (await answer.setEncoding('utf8').toArray()).join('');
  if (answer.statusCode !== 201) throw new Error(`dockerd answers ${answer.statusCode}: ${text}`);
}
