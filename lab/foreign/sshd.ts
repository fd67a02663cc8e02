import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import ssh2 from 'ssh2';
import { type HostProcess, startOnHost } from '../process.ts';
import { sshdProgram } from './sshd-program.ts';

/** Debian's sshd on a host. Disposing ends it and forgets its keys. */
export interface Sshd extends AsyncDisposable {
  readonly port: number;
  /** Of the one account that gets in: root. */
  readonly username: 'root';
  /** OpenSSH, PEM. */
  readonly privateKey: string;
  /** `SHA256:...` */
  readonly hostKey: string;
}

/** A new key as OpenSSH writes it. */
export function newSshKey(): { readonly privateKey: string; readonly publicKey: string } {
  const { private: privateKey, public: publicKey } = ssh2.utils.generateKeyPairSync('ed25519');
  return { privateKey, publicKey };
}

/** Why sshd cannot run here; undefined where it can. It gives up its rights for another account's, which one user alone does not have. */
export async function sshdCannotRun(): Promise<string | undefined> {
  const map = await readFile('/proc/self/uid_map', 'utf8');
  const users = map.split('\n').reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[2] ?? 0), 0);
  if (users <= 1) return 'sshd needs more users than a user namespace of an ordinary user has: run as root';
  return (await sshdProgram()) ? undefined : 'there is no sshd, and openssh-server could not be downloaded';
}

/** What an sshd knows itself and its one account by. */
export interface SshdKeys {
  readonly host: ReturnType<typeof newSshKey>;
  readonly client: ReturnType<typeof newSshKey>;
}

/** New keys for one. */
export function newSshdKeys(): SshdKeys {
  return { host: newSshKey(), client: newSshKey() };
}

/** `SHA256:...` of a public key, as `ssh-keygen -lf` writes it. */
export function fingerprintOf({ publicKey }: ReturnType<typeof newSshKey>): string {
  const bytes = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(bytes).digest('base64').replace(/=+$/, '')}`;
}

/** Starts it; `command` is the one that its key may run, whatever is asked. Usable when it resolves. */
export async function startSshd(
  { namespace, command, keys }: { readonly namespace: string; readonly command: string; readonly keys?: SshdKeys },
  signal: AbortSignal,
): Promise<Sshd> {
  const directory = mkdtempSync(join(tmpdir(), 'sshd-'));
  await using started = new AsyncDisposableStack();
  started.defer(() => rm(directory, { recursive: true, force: true }));
  const file = (name: string) => join(directory, name);
  const program = await sshdProgram();
  if (!program) throw new Error('there is no sshd');
  const { host, client } = keys ?? newSshdKeys();
  writeFileSync(file('host'), host.privateKey, { mode: 0o600 });
  const quoted = command.replaceAll('"', '\\"');
  writeFileSync(file('authorized_keys'), `restrict,command="${quoted}" ${client.publicKey}\n`, { mode: 0o600 });
  // It looks who may write to the key's whole path, and /tmp is everybody's.
  const settings = [
    'Port 22',
    'UsePAM no',
    'PasswordAuthentication no',
    'PermitRootLogin forced-commands-only',
    'StrictModes no',
    `HostKey ${file('host')}`,
    `AuthorizedKeysFile ${file('authorized_keys')}`,
    'PidFile none',
  ];
  writeFileSync(file('config'), `${settings.join('\n')}\n`);
  mkdirSync('/run/sshd', { recursive: true });
  chmodSync('/run/sshd', 0o755);
  const daemon: HostProcess = started.use(
    await startOnHost(
      {
        name: 'sshd',
        namespace,
        command: [program.path, '-D', '-e', '-f', file('config')],
        env: program.env,
        becomesReady: false,
      },
      signal,
    ),
  );
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(10_000)]);
  while (!daemon.log.some((line) => /Server listening/.test(line))) {
    if (deadline.aborted) throw new Error(`sshd does not start: ${daemon.log.join('; ')}`);
    await setTimeout(10, undefined, { signal });
  }
  // Sessions are processes of their own and outlive it.
  started.defer(() => endBelow(daemon.pid));
  const running = started.move();
  return {
    port: 22,
    username: 'root',
    privateKey: client.privateKey,
    hostKey: fingerprintOf(host),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Ends what a process started, and what that started. */
function endBelow(pid: number): void {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  const below = (of: number): number[] =>
    [...parents].filter(([, parent]) => parent === of).flatMap(([child]) => [...below(child), child]);
  for (const child of below(pid)) {
    try {
      process.kill(child, 'SIGKILL');
    } catch {
      // The same.
    }
  }
}
