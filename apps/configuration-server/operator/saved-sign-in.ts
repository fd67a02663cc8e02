import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** How one server is asked until the token is over. */
const savedSignIn = z.object({
  /** Certificates of the deployment's authority, in PEM. */
  caPem: z.string(),
  name: z.string(),
  token: z.string(),
  /** Milliseconds since 1970. */
  expiresAt: z.number(),
});
export type SavedSignIn = z.infer<typeof savedSignIn>;

const savedSignIns = z.object({
  /** The server that was signed in to last: it is asked where none is named. */
  latest: z.string().optional(),
  servers: z.record(z.string(), savedSignIn).default({}),
});

/** Where the tokens are kept, for this user alone. */
export function signInFile(env: NodeJS.ProcessEnv = process.env): string {
  return env.SLUICE_SIGN_IN ?? join(env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'sluice', 'sign-in.json');
}

/** The sign-in at a server (its origin), or the latest; undefined where there is none. */
export async function findSignIn(server?: string): Promise<(SavedSignIn & { readonly server: string }) | undefined> {
  const { latest, servers } = await readAll();
  const origin = server ?? latest;
  const found = origin === undefined ? undefined : servers[origin];
  return found && origin !== undefined ? { ...found, server: origin } : undefined;
}

/** Keeps a sign-in; undefined forgets the one there was. */
export async function saveSignIn(server: string, signIn: SavedSignIn | undefined): Promise<void> {
  const { servers, latest } = await readAll();
  const { [server]: _, ...others } = servers;
  const all = signIn
    ? { latest: server, servers: { ...others, [server]: signIn } }
    : { ...(latest !== server && { latest }), servers: others };
  const file = signInFile();
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, JSON.stringify(all, undefined, 2), { mode: 0o600 });
  await rename(draft, file);
}

async function readAll(): Promise<z.infer<typeof savedSignIns>> {
  const file = signInFile();
  try {
    return savedSignIns.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { servers: {} };
    throw new Error(`${file} cannot be read; remove it and sign in again`, { cause: error });
  }
}
