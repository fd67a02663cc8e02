import { cpSync, existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../run.ts';

/** Where `lab/bin/prepare.mjs` unpacked Debian's firewalls. */
const place = join(import.meta.dirname, '../../.cache/firewalls');

/**
 * Debian's ufw, firewalld and iptables for one gateway: their files laid over the machine's in the eyes of a command
 * alone, `/etc` with a memory of its own. Disposing forgets it.
 */
export interface FirewallFiles extends AsyncDisposable {
  /** What is `/etc` for the commands, as far as it differs. */
  readonly etc: string;
  /** A folder of `/usr/share`. */
  share(name: string): string;
  /** For sockets and logs; goes with it. */
  readonly directory: string;
  /** A command that runs `command` so. */
  over(command: readonly string[]): string[];
}

/** Why they cannot run here; undefined where they can. To be asked inside a world. */
export async function firewallsCannotRun(): Promise<string | undefined> {
  if (!existsSync(join(place, 'complete'))) return 'ufw and firewalld could not be downloaded';
  await using files = firewallFiles();
  try {
    await run(files.over(['sh', '-ec', 'command -v ufw firewalld iptables-nft; echo 1 >/etc/sluice']), limit());
    return undefined;
  } catch (problem) {
    return `ufw and firewalld cannot be laid over the machine's files: ${problem}`;
  }
}

/** New ones, with the packages' own configuration. */
export function firewallFiles(): FirewallFiles {
  const directory = mkdtempSync(join(tmpdir(), 'firewall-'));
  const [etc, work] = [join(directory, 'etc'), join(directory, 'work')];
  for (const folder of [etc, work]) mkdirSync(folder, { mode: 0o755 });
  // Copied, not looked through to: what is there belongs to somebody else where an ordinary user runs the world.
  for (const name of ['ufw', 'default/ufw', 'firewalld']) {
    const source = [join(place, 'etc', name), join('/etc', name)].find((path) => existsSync(path));
    if (source !== undefined) cpSync(source, join(etc, name), { recursive: true });
  }
  const script = [
    `mount -t overlay overlay -o userxattr,lowerdir=${place}/usr:/usr /usr`,
    `mount -t overlay overlay -o userxattr,lowerdir=/etc,upperdir=${etc},workdir=${work} /etc`,
    'exec "$@"',
  ];
  return {
    etc,
    directory,
    share(name) {
      const unpacked = join(place, 'usr/share', name);
      return existsSync(unpacked) ? unpacked : join('/usr/share', name);
    },
    over: (command) => ['unshare', '--mount', 'sh', '-ec', script.join('\n'), 'sh', ...command],
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

const limit = () => AbortSignal.timeout(10_000);
