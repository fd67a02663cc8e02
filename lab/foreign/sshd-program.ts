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
  if (existsSync('/usr/sbin/sshd')) return withUser({ path: '/usr/sbin/sshd', env: {} });
  const place = join(import.meta.dirname, '../../.cache/sshd');
  const path = join(place, 'usr/sbin/sshd');
  if (!existsSync(path)) return undefined;
  const libraries = ['lib', 'usr/lib'].flatMap((folder) => {
    const inside = join(place, folder);
    return existsSync(inside) ? readdirSync(inside).map((name) => join(inside, name)) : [];
  });
  return withUser({ path, env: { LD_LIBRARY_PATH: libraries.join(':') } });
}

/** The account that sshd gives up its rights for, where the machine has none: in this world's eyes alone. */
async function withUser(program: SshdProgram): Promise<SshdProgram> {
  const accounts = readFileSync('/etc/passwd', 'utf8');
  if (/^sshd:/m.test(accounts) || !insideWorld()) return program;
  const file = '/run/sluice-passwd';
  writeFileSync(file, `${accounts}sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n`);
  await run(['mount', '--bind', file, '/etc/passwd'], AbortSignal.timeout(5_000));
  return program;
}
