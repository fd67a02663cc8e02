import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Plain JavaScript for Node 20: it runs before anything is installed. All it says goes to stderr, stdout is the program's.

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Debian packages of each command that the lab needs. */
export const labTools = {
  nft: 'nftables',
  ip: 'iproute2',
  conntrack: 'conntrack',
  ffmpeg: 'ffmpeg',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  mount: 'mount',
  // The daemon alone: the package `miniupnpd` would start it.
  miniupnpd: 'miniupnpd-nftables',
};

/** What the tests need besides. */
export const testTools = {
  ...labTools,
  chromium: 'chromium',
  nmap: 'nmap',
  'gst-launch-1.0': 'gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav',
  'systemd-analyze': 'systemd',
  dhclient: 'isc-dhcp-client',
  // The program alone: the package `dnsmasq` would start it.
  dnsmasq: 'dnsmasq-base',
  sysctl: 'procps',
  baresip: 'baresip-core',
  sipp: 'sip-tester',
};

/**
 * Makes this checkout and machine ready, then runs a TypeScript program of the repository with this process's
 * arguments and ends as it ends. `--help` prints `usage` and does nothing else.
 * @param {{ program: string, tools: Record<string, string>, usage: string }} what `program` is a path from the root.
 */
export async function launch({ program, tools, usage }) {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) return void process.stdout.write(usage);
  if (process.platform !== 'linux') fail('Sluice runs on Linux: it programs the Linux kernel.');
  // Where ordinary users' PATH leaves the network tools out.
  process.env.PATH = [join(root, 'node_modules/.bin'), process.env.PATH, '/usr/sbin', '/sbin'].join(delimiter);
  // Parts start in half the time when their code was compiled before; a place that cannot be written is no harm.
  process.env.NODE_COMPILE_CACHE ??= join(root, '.cache/code');
  if (!packagesInstalled()) installPackages();
  installTools(tools);
  fetchSshd();
  if (tools === testTools) fetchFirewalls();
  if (tools === testTools) fetchDocker();
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', node(), join(root, program), ...args], { stdio: 'inherit' });
  endWithNpm(child);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : code));
}

/** Whether node_modules holds what package-lock.json names, by content: a checkout's file times say nothing. */
function packagesInstalled() {
  const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  if (!existsSync(join(root, 'node_modules/.package-lock.json'))) return false;
  const installed = read('node_modules/.package-lock.json');
  return Object.entries(read('package-lock.json')).every(
    ([path, wanted]) => path === '' || wanted.optional || installed[path]?.version === wanted.version,
  );
}

function installPackages() {
  console.error('Installing npm packages ...');
  const npm = spawnSync('npm', ['ci', '--loglevel=error'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (npm.status !== 0) fail('npm ci failed: see above.');
}

function installTools(tools) {
  const missing = Object.keys(tools).filter((tool) => !onPath(tool));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.flatMap((tool) => tools[tool].split(' ')))];
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  if (process.getuid() !== 0 || !onPath('apt-get'))
    fail(`Missing: ${missing.join(', ')}. On Debian: sudo apt-get ${install.slice(0, 1)} ${packages.join(' ')}`);
  console.error(`Installing ${packages.join(', ')} ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (args) => spawnSync('apt-get', ['-q', ...args], { env, stdio: ['ignore', 2, 2] }).status === 0;
  // Package lists are fetched only where the ones at hand do not serve.
  if (!apt(install) && !(apt(['update']) && apt(install))) fail(`apt-get could not install ${packages.join(', ')}.`);
}

/**
 * Debian's sshd, for gateways that are reached by SSH: unpacked into the cache where the machine has none, since one
 * that is installed is started, now and at each boot. What needs it says so where it cannot be had.
 */
function fetchSshd() {
  const place = join(root, '.cache/sshd');
  if (onPath('sshd') || existsSync(join(place, 'usr/sbin/sshd')) || !onPath('apt-get')) return;
  const packages = ['openssh-server', 'libwrap0', 'libnsl2', 'libtirpc3', 'libaudit1', 'libcap-ng0'];
  const script =
    'mkdir -p "$0" && cd "$0" && apt-get -qq download "$@" && for p in *.deb; do dpkg-deb -x "$p" .; done; rm -f *.deb';
  spawnSync('sh', ['-c', script, place, ...packages], { stdio: 'ignore', timeout: 120_000 });
}

/**
 * Debian's ufw and firewalld, for gateways that have a firewall already, and what they need that the machine lacks:
 * unpacked like sshd, for the same reason. What needs them says so where they cannot be had.
 */
function fetchFirewalls() {
  const place = join(root, '.cache/firewalls');
  if (existsSync(join(place, 'complete')) || !onPath('apt-get')) return;
  const script = `set -e; mkdir -p "$0"; cd "$0"
    missing=$(apt-get -s --no-install-recommends install "$@" | sed -n 's/^Inst \\([^ ]*\\).*/\\1/p')
    [ -z "$missing" ] || apt-get -qq download $missing
    for p in *.deb; do [ ! -e "$p" ] || dpkg-deb -x "$p" .; done
    mkdir -p usr/sbin etc
    # As the machine has it: one tree of programs.
    for d in bin sbin lib; do [ ! -d $d ] || { mkdir -p usr/$d; cp -a $d/. usr/$d/; }; done
    for t in iptables ip6tables; do for s in '' -save -restore; do
      [ ! -e usr/sbin/xtables-nft-multi ] || ln -sf xtables-nft-multi usr/sbin/$t$s; done; done
    chmod -R a+rX . ; rm -rf *.deb bin sbin lib usr/share/doc usr/share/man usr/share/locale; touch complete`;
  const packages = ['ufw', 'firewalld', 'iptables', 'dbus-daemon'];
  spawnSync('sh', ['-c', script, place, ...packages], { stdio: 'ignore', timeout: 180_000 });
}

/** Debian's dockerd, for a gateway that it sets rules on: the programs that it takes, unpacked for the same reason. */
function fetchDocker() {
  const place = join(root, '.cache/docker');
  if (existsSync(join(place, 'complete')) || !onPath('apt-get')) return;
  const script = `set -e; mkdir -p "$0"; cd "$0"
    apt-get -qq download docker.io containerd runc
    for p in *.deb; do dpkg-deb -x "$p" .; done
    mv usr/sbin/dockerd usr/bin/containerd usr/sbin/runc .; rm -rf *.deb usr etc var lib; chmod -R a+rX .; touch complete`;
  spawnSync('sh', ['-c', script, place], { stdio: 'ignore', timeout: 180_000 });
}

/** npm passes SIGINT and SIGTERM on; when npm itself is killed, nobody would, so that is looked for. */
function endWithNpm(child) {
  const npm =
    process.env.npm_lifecycle_event && ancestors().find(({ command }) => /^npm\b|\/npm(-cli\.js)?\0/.test(command));
  if (!npm) return;
  const look = () => commandOf(npm.pid) || child.kill('SIGKILL');
  setInterval(look, 1000).unref();
}

/** The processes above this one, the nearest first: npm, and the shell that it runs a script with. */
function ancestors() {
  const found = [];
  for (let pid = process.ppid; pid > 1 && found.length < 3; ) {
    found.push({ pid, command: commandOf(pid) });
    pid = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  }
  return found;
}

/** A process's command line; empty when it is gone, or dead and not yet buried. */
function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** The Node that runs the project: 24, from node_modules where the machine's own is older. */
function node() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  const path = join(root, `node_modules/node-linux-${process.arch}/bin/node`);
  if (!existsSync(path)) fail(`Node 24 or newer is needed here; this is ${process.versions.node}.`);
  return path;
}

function onPath(command) {
  return process.env.PATH.split(delimiter).some((directory) => existsSync(join(directory, command)));
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
