import { type ChildProcess, type StdioOptions, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/**
 * The world: one process tree with its own process ids, mounts and network. The kernel ends every process in it and
 * takes away every namespace, file and interface when its first process dies, by whatever signal, so nothing that the
 * lab lays out can stay behind. Root needs no user namespace; anyone else gets one in which they are root.
 */
const flags = '--net --mount --pid --fork --kill-child --mount-proc --propagation private'.split(' ');
const unprivileged = ['--user', '--map-root-user', ...flags];

/** Where the world keeps what it needs while it lives: a tmpfs of its own. */
const worldDirectory = '/run/sluice';

// /run is writable for nobody but root outside, so the file is proof that this process is inside.
const mark = `${worldDirectory}/world`;

// `ip netns add` makes /run/netns a shared mount at first use; done here once, so that several may add at the same time.
const settle = [
  'mount -t tmpfs -o mode=0755 none /run',
  `mkdir -p /run/netns ${worldDirectory}/tmp`,
  'mount --bind /run/netns /run/netns',
  'mount --make-shared /run/netns',
  'ip link set lo up',
  `touch ${mark}`,
].join(' && ');

/** Whether this process runs inside a world. */
export function insideWorld(): boolean {
  return existsSync(mark);
}

/** How this machine lets us make a world, or the sentence that says it does not. */
export function findWorld(): { readonly unshare: readonly string[] } | { readonly reason: string } {
  const candidates = process.getuid?.() === 0 ? [flags, unprivileged] : [unprivileged];
  for (const unshare of candidates) {
    const trial = spawnSync('unshare', [...unshare, 'sh', '-c', settle], { stdio: 'ignore' });
    if (trial.status === 0) return { unshare };
  }
  return {
    reason:
      'This machine lets neither root nor an ordinary user make network namespaces (unshare -Urnm is refused); ' +
      'run it as root outside a container, or allow unprivileged user namespaces.',
  };
}

/**
 * Runs a command as the first process of a new world. It dies with this process, also when this process is killed.
 * Give `stdio` an 'ipc' entry to talk to it. Throws an Error with {@link findWorld}'s sentence.
 */
export function enterWorld(
  command: readonly string[],
  options: { readonly stdio: StdioOptions; readonly env?: NodeJS.ProcessEnv },
): ChildProcess {
  const found = findWorld();
  if ('reason' in found) throw new Error(found.reason);
  const env = { ...(options.env ?? process.env), TMPDIR: `${worldDirectory}/tmp` };
  return spawn(
    'setpriv',
    // The parent-death signal reaches unshare, --kill-child takes it on to the world's first process.
    ['--pdeathsig', 'KILL', 'unshare', ...found.unshare, 'sh', '-c', `${settle} && exec "$@"`, 'sh', ...command],
    // A session of its own: the terminal's Ctrl-C goes to this process, which ends the world in order.
    { stdio: options.stdio, env, detached: true },
  );
}
