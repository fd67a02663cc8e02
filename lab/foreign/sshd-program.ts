import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../run.ts';
import { insideWorld } from '../world.ts';

/** Debian's sshd, ready to run. */
export interface SshdProgram {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The machine's own sshd, or Debian's package as `lab/bin/prepare.mjs` unpacked it. Undefined where there is none. */
export async function sshdProgram(): Promise<SshdProgram | undefined> {
  if (existsSync('/usr/sbin/sshd')) return withAccounts({ path: '/usr/sbin/sshd', env: {} });
  const place = join(import.meta.dirname, '../../.cache/sshd');
  const path = join(place, 'usr/sbin/sshd');
  if (!existsSync(path)) return undefined;
  const libraries = ['lib', 'usr/lib'].flatMap((folder) => {
    const inside = join(place, folder);
    return existsSync(inside) ? readdirSync(inside).map((name) => join(inside, name)) : [];
  });
  return withAccounts({ path, env: { LD_LIBRARY_PATH: libraries.join(':') } });
}

/**
 * The accounts that sshd needs, in this world's eyes alone: the one that it gives up its rights for, where the machine has
 * none, and a root whose shell reads no file of the machine's user before it runs a command, as bash would.
 */
async function withAccounts(program: SshdProgram): Promise<SshdProgram> {
  const known = readFileSync('/etc/passwd', 'utf8');
  const plain = known.replace(/^(root:.*:)[^:\n]*$/m, '$1/bin/sh');
  const accounts = /^sshd:/m.test(plain) ? plain : `${plain}sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n`;
  if (accounts === known || !insideWorld()) return program;
  const file = '/run/sluice-passwd';
  writeFileSync(file, accounts);
  await run(['mount', '--bind', file, '/etc/passwd'], AbortSignal.timeout(5_000));
  return program;
}
