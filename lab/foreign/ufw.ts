import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../run.ts';
import { type FirewallFiles, firewallFiles } from './firewall-files.ts';

/** Debian's ufw on a gateway, enabled. Disposing forgets its files; its rules go with the namespace. */
export interface Ufw extends AsyncDisposable {
  /** Runs ufw(8); what it wrote. */
  ufw(args: readonly string[], signal: AbortSignal): Promise<string>;
  /** Runs a command with its files over the machine's: iptables(8). */
  run(command: readonly string[], signal: AbortSignal): Promise<string>;
}

/** Where and how it is set up. */
export interface UfwSettings {
  readonly namespace: string;
  /** More of `before.rules`, as iptables-restore(8) reads it. */
  readonly beforeRules?: string;
  /** What `ufw` is told once it is enabled, one command line each. */
  readonly commands?: readonly string[];
  /** Settings of `/etc/default/ufw`, in place of the package's own. */
  readonly defaults?: Readonly<Record<string, string>>;
}

/** Enables it with the package's own rules, and these. They stand when it resolves. */
export async function startUfw(settings: UfwSettings, signal: AbortSignal): Promise<Ufw> {
  const { namespace, beforeRules = '', commands = [], defaults = {} } = settings;
  await using started = new AsyncDisposableStack();
  const files = started.use(firewallFiles());
  freshRules(files);
  appendFileSync(join(files.etc, 'ufw/before.rules'), beforeRules);
  const more = Object.entries(defaults).map(([name, value]) => `${name}=${value}\n`);
  appendFileSync(join(files.etc, 'default/ufw'), more.join(''));
  const within = (command: readonly string[], signal: AbortSignal) =>
    run(['nsenter', `--net=${namespace}`, '--', ...files.over(command)], signal);
  const ufw = (args: readonly string[], signal: AbortSignal) => within(['ufw', ...args], signal);
  await ufw(['--force', 'enable'], signal);
  for (const line of commands) await ufw(line.split(' '), signal);
  const owned = started.move();
  return { ufw, run: within, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** What the package's installation makes: the rules that it comes with, whatever this machine has. */
function freshRules({ etc, share }: FirewallFiles): void {
  const names = ['before', 'before6', 'after', 'after6'].map((name) => `${name}.rules`);
  for (const name of [...names, 'ufw.conf']) copyFileSync(join(share('ufw'), name), join(etc, 'ufw', name));
  for (const name of ['user.rules', 'user6.rules'])
    copyFileSync(join(share('ufw/iptables'), name), join(etc, 'ufw', name));
  const settings = join(etc, 'default/ufw');
  // It would load modules of the kernel, and set what is the lab's to set.
  writeFileSync(settings, readFileSync(settings, 'utf8').replace(/^IPT_(?:SYSCTL|MODULES)=.*$/gm, ''));
}
