import { mkdtempSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { inNamespace } from '../packets/namespace.ts';
import { run } from '../run.ts';
import { type MiniupnpdOptions, miniupnpdConfiguration, miniupnpdRuleset } from './miniupnpd-files.ts';

export type { MiniupnpdOptions } from './miniupnpd-files.ts';

/** Debian's miniupnpd as a home's gateway: IGD, PCP and NAT-PMP. Disposing ends it and forgets its files. */
export interface MiniupnpdGateway extends AsyncDisposable {
  /** UDP port of PCP and NAT-PMP. */
  readonly pcpPort: 5351;
  /** TCP port of SOAP and descriptions. */
  readonly httpPort: number;
  /** A new, empty directory that goes with the gateway, for a `lease_file` and the like. */
  readonly directory: string;
  /** Ends it as a crash does (SIGKILL): what it set up in the kernel stays. Resolves when its sockets are gone. */
  kill(signal: AbortSignal): Promise<void>;
  /** Starts it again with the same configuration, or with other settings besides. Usable when it resolves. */
  start(signal: AbortSignal, settings?: MiniupnpdOptions['settings']): Promise<void>;
  /** Takes its rules out of the kernel behind its back, as a reload of the household's firewall does. */
  wipe(signal: AbortSignal): Promise<void>;
  /** The rules it has in the kernel, one a line as `nft` writes them. */
  rules(signal: AbortSignal): Promise<readonly string[]>;
}

const httpPort = 5555;
const pcpPort = 5351;
const chains = ['miniupnpd', 'prerouting_miniupnpd', 'postrouting_miniupnpd'];

/**
 * Sets up the home's firewall and translation and starts miniupnpd. Usable when it resolves. It refuses to map ports
 * of a WAN address that is not public: `publicLookingInternet` serves. Rejects when it does not start.
 */
export async function startMiniupnpd(options: MiniupnpdOptions, signal: AbortSignal): Promise<MiniupnpdGateway> {
  const { namespace, lan } = options;
  const directory = mkdtempSync(join(tmpdir(), 'miniupnpd-'));
  const inside = (command: readonly string[], signal: AbortSignal, input?: string) =>
    run(['nsenter', `--net=${namespace}`, '--', ...command], signal, input);
  const configuration = join(directory, 'miniupnpd.conf');
  const pidFile = join(directory, 'pid');

  async function start(signal: AbortSignal, settings: MiniupnpdOptions['settings'] = {}): Promise<void> {
    const lines = { http_port: String(httpPort), ...options.settings, ...settings };
    await writeFile(configuration, miniupnpdConfiguration({ ...options, settings: lines }));
    // It goes to the background before it opens its sockets, so these are looked for.
    await inside(['miniupnpd', '-f', configuration, '-P', pidFile], signal);
    await until(() => isListening(namespace), signal, 'miniupnpd opened no sockets');
  }

  async function kill(signal: AbortSignal): Promise<void> {
    const pid = pidIn(pidFile);
    if (pid === undefined) return;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
    await until(() => !isListening(namespace), signal, 'miniupnpd does not end');
    // The lab has no init that buries it, so to its successor it would seem to live.
    await rm(pidFile, { force: true });
  }

  try {
    await inside(['nft', '-f', '-'], signal, miniupnpdRuleset(options));
    await inside(['ip', 'route', 'replace', '224.0.0.0/4', 'dev', lan], signal);
    await start(signal);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  return {
    pcpPort,
    httpPort,
    directory,
    start,
    kill,
    async wipe(signal) {
      await inside(['nft', '-f', '-'], signal, chains.map((chain) => `flush chain inet filter ${chain}\n`).join(''));
    },
    async rules(signal) {
      const listed = await Promise.all(
        chains.map((chain) => inside(['nft', 'list', 'chain', 'inet', 'filter', chain], signal)),
      );
      return listed.flatMap((text) => text.split('\n').slice(2, -3)).map((line) => line.trim());
    },
    async [Symbol.asyncDispose]() {
      await kill(AbortSignal.timeout(5_000)).catch(() => {});
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function pidIn(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the namespace has the sockets of PCP, NAT-PMP and SOAP: what is sent from now on is read. */
function isListening(namespace: string): boolean {
  const table = (name: string) =>
    inNamespace(namespace, () => readFileSync(`/proc/thread-self/net/${name}`, 'utf8')).split('\n');
  const has = (names: readonly string[], port: number) => {
    const local = new RegExp(`^ *\\d+: [0-9A-F]+:${port.toString(16).toUpperCase().padStart(4, '0')} `);
    return names.some((name) => table(name).some((line) => local.test(line) && !/:\w+ 06 /.test(line)));
  };
  return has(['udp', 'udp6'], pcpPort) && has(['tcp', 'tcp6'], httpPort);
}

async function until(holds: () => boolean, signal: AbortSignal, complaint: string): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(10_000)]);
  while (!holds()) {
    signal.throwIfAborted();
    if (deadline.aborted) throw new Error(complaint);
    await setTimeout(5, undefined, { signal });
  }
}
