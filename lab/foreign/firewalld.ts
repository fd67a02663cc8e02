import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startOnHost } from '../process.ts';
import { run } from '../run.ts';
import { firewallFiles } from './firewall-files.ts';

/** Debian's firewalld on a gateway, with a message bus of its own. Disposing ends both and forgets their files. */
export interface Firewalld extends AsyncDisposable {
  /** Runs firewall-cmd(1); what it wrote. */
  command(args: readonly string[], signal: AbortSignal): Promise<string>;
}

/** Where, and its zones, policies and the like: files of `/etc/firewalld` by path. */
export interface FirewalldSettings {
  readonly namespace: string;
  readonly files: Readonly<Record<string, string>>;
}

const bus = (socket: string) => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=${socket}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`;

/** Starts it. Its rules stand when it resolves. */
export async function startFirewalld(settings: FirewalldSettings, signal: AbortSignal): Promise<Firewalld> {
  const { namespace } = settings;
  await using started = new AsyncDisposableStack();
  const files = started.use(firewallFiles());
  for (const [path, text] of Object.entries(settings.files)) writeFileSync(join(files.etc, 'firewalld', path), text);
  mkdirSync('/run/firewalld', { recursive: true });
  const [configuration, socket] = [join(files.directory, 'bus.conf'), join(files.directory, 'bus')];
  writeFileSync(configuration, bus(socket));
  const env = { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${socket}` };
  const start = (name: string, command: readonly string[]) =>
    startOnHost({ name, namespace, command: files.over(command), env, becomesReady: false }, signal);
  started.use(await start('bus', ['dbus-daemon', '--nofork', '--nopidfile', `--config-file=${configuration}`]));
  const daemon = started.use(await start('firewalld', ['firewalld', '--nofork', '--nopid', '--log-target', 'console']));
  const command = (args: readonly string[], signal: AbortSignal) =>
    run(
      ['nsenter', `--net=${namespace}`, '--', ...files.over(['env', ...environment(env), 'firewall-cmd', ...args])],
      signal,
    );
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(30_000)]);
  while (!(await command(['--state'], deadline).catch(() => ''))) {
    if (deadline.aborted) throw new Error(`firewalld does not start: ${daemon.log.join('; ')}`);
    await setTimeout(100, undefined, { signal });
  }
  const owned = started.move();
  return { command, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const environment = (env: Readonly<Record<string, string>>) =>
  Object.entries(env).map(([name, value]) => `${name}=${value}`);
