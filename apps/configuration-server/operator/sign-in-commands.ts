import { readFile } from 'node:fs/promises';
import { operatorList, operatorView, signInView, statusView } from '@sluice/api';
import { fingerprintOf, readIdentity } from '@sluice/identity';
import { readPinnedAuthority } from '@sluice/io';
import { Command, Option } from 'commander';
import { decodeJwt } from 'jose';
import { z } from 'zod';
import { askNewSecret, askSecret } from './ask-secret.ts';
import { operatorClient, strangerClient } from './client.ts';
import { type Act, operatorCommand, say } from './operator-command.ts';
import { findSignIn, type SavedSignIn, saveSignIn } from './saved-sign-in.ts';
import { instant, table } from './text.ts';

/** `sluice sign-in`, `sign-out` and `operator add`, `list`, `remove`. */
export function signInCommands(): Command[] {
  return [signInCommand(), signOutCommand(), accountCommands()];
}

interface SignInOptions {
  readonly server: string;
  readonly ca?: string;
  readonly fingerprint?: string;
  readonly token?: true;
}

function signInCommand(): Command {
  return new Command('sign-in')
    .description('sign in to a configuration server with a password, which is asked for, or with a token')
    .argument('[name]', 'of your account')
    .addOption(
      new Option('--server <url>', 'where people sign in, https://host:port')
        .env('SLUICE_SERVER')
        .makeOptionMandatory(),
    )
    .option('--ca <file>', "the deployment's ca.pem; needed the first time, this or the next")
    .option('--fingerprint <hex>', 'SHA-256 of that certificate, as `sluice operator add` told it')
    .option('--token', 'use a token of the OpenID provider, which is asked for, instead of a password')
    .addHelpText(
      'after',
      `
Example:
  sluice sign-in alice --server https://203.0.113.21:8449 --ca ./ca.pem
  oidc-token | sluice sign-in --token --server https://203.0.113.21:8449`,
    )
    .action(async (name: string | undefined, options: SignInOptions) => {
      const server = new URL(options.server).origin;
      const caPem = await authorityOf(server, options);
      const signedIn = await (options.token ? withToken(server, caPem) : withPassword(server, caPem, name));
      await saveSignIn(server, signedIn);
      process.stdout.write(`${signedIn.name} is signed in at ${server} until ${instant(signedIn.expiresAt)}\n`);
    });
}

async function withPassword(server: string, caPem: string, name: string | undefined): Promise<SavedSignIn> {
  if (name === undefined) throw new Error('who signs in? `sluice sign-in NAME`');
  const password = await askSecret('password');
  await using client = strangerClient(server, caPem);
  const answer = await client.ask(signInView, 'POST', '/v1/sign-ins', { name, password });
  if (answer.kind === 'refused') throw new Error(`${answer.refusal.code}: ${answer.refusal.message}`);
  const { token, expiresAt } = answer.value;
  return { caPem, name, token, expiresAt };
}

async function withToken(server: string, caPem: string): Promise<SavedSignIn> {
  const token = (await askSecret('token')).trim();
  const { exp = 0, preferred_username: shown, sub = '' } = decodeJwt(token);
  const signIn = { caPem, name: typeof shown === 'string' ? shown : sub, token, expiresAt: exp * 1_000 };
  await saveSignIn(server, signIn);
  await using client = await operatorClient({ server });
  const answer = await client.ask(statusView, 'GET', '/v1/status');
  if (answer.kind === 'granted') return signIn;
  await saveSignIn(server, undefined);
  throw new Error(`${answer.refusal.code}: ${answer.refusal.message}`);
}

/** The certificates that the server is known by: nothing is said to another. */
async function authorityOf(server: string, { ca, fingerprint }: SignInOptions): Promise<string> {
  if (ca !== undefined) return readFile(ca, 'utf8');
  if (fingerprint !== undefined)
    return readPinnedAuthority(server, fingerprint.replaceAll(':', '').toLowerCase(), AbortSignal.timeout(15_000));
  const before = await findSignIn(server);
  if (before) return before.caPem;
  throw new Error(`how is ${server} known? name the deployment's ca.pem with --ca, or its --fingerprint`);
}

function signOutCommand(): Command {
  return new Command('sign-out')
    .description('forget the token of a sign-in')
    .addOption(new Option('--server <url>', 'https://host:port; left out, the latest').env('SLUICE_SERVER'))
    .addHelpText('after', '\nExample:\n  sluice sign-out')
    .action(async ({ server }: { server?: string }) => {
      const signIn = await findSignIn(server === undefined ? undefined : new URL(server).origin);
      if (signIn) await saveSignIn(signIn.server, undefined);
      process.stdout.write(signIn ? `${signIn.name} is signed out at ${signIn.server}\n` : 'nobody was signed in\n');
    });
}

function accountCommands(): Command {
  return new Command('operator')
    .description('people who sign in with a password')
    .addCommand(
      operatorCommand(
        'add <name>',
        'let a person sign in, or give him another role and password; the password is asked for',
        'sluice operator add alice --role auditor',
        addAccount,
      ).addOption(
        new Option('--role <role>', 'what he may do: everything, or look')
          .choices(['operator', 'auditor'])
          .default('operator'),
      ),
    )
    .addCommand(operatorCommand('list', 'who signs in with a password', 'sluice operator list', listAccounts))
    .addCommand(
      operatorCommand(
        'remove <name>',
        'remove an account; its tokens count no more',
        'sluice operator remove alice',
        removeAccount,
      ),
    );
}

const addAccount: Act = async (client, [name = ''], { role, identity }) => {
  const password = await askNewSecret('password');
  const json = { role, password };
  const answer = await client.ask(operatorView, 'PUT', `/v1/operators/${encodeURIComponent(name)}`, json);
  const caPem = typeof identity === 'string' ? (await readIdentity(identity)).caPem : (await findSignIn())?.caPem;
  return say(answer, ({ role, signInUrl }) =>
    signInUrl === undefined
      ? `${name} is registered as ${role}; this server has no port where people sign in (operators in its configuration)`
      : `${name} is registered as ${role}, and signs in with\n  sluice sign-in ${name} --server ${signInUrl}${
          caPem === undefined ? '' : ` --fingerprint ${fingerprintOf(caPem)}`
        }`,
  );
};

const listAccounts: Act = async (client) =>
  say(await client.ask(operatorList, 'GET', '/v1/operators'), ({ operators }) =>
    table(
      ['name', 'role'],
      operators.map(({ name, role }) => [name, role]),
    ),
  );

const removeAccount: Act = async (client, [name = '']) =>
  say(await client.ask(nothing, 'DELETE', `/v1/operators/${encodeURIComponent(name)}`), () => `${name} is removed`);

/** The body of an answer that has none. */
const nothing = z.undefined();
