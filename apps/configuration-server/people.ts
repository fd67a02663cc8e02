import { readFile } from 'node:fs/promises';
import type { StandingStore } from '@sluice/control';
import { type Membership, serverTls } from '@sluice/identity';
import { type HttpsServer, serveHttps } from '@sluice/io';
import type { ConfigurationServerConfig } from './config.ts';
import { configurationApi } from './http/app.ts';
import type { ApiPorts } from './http/ports.ts';
import { signInRoute } from './http/sign-in-route.ts';
import { bearerReader } from './sign-in/bearer.ts';
import { openIdReader } from './sign-in/open-id.ts';
import { SignIn } from './sign-in/sign-in.ts';
import { Tokens } from './sign-in/tokens.ts';

/** Tokens of identity providers are long. */
const headerBytes = 32 * 1_024;

/**
 * Serves the API to people who show a token, on a port of its own: no certificate is asked for here, and none counts. So
 * nothing that parts connect to lets anybody in without one.
 */
export async function servePeople(
  people: NonNullable<ConfigurationServerConfig['operators']>,
  limits: ConfigurationServerConfig['limits'],
  own: Membership,
  store: StandingStore,
  ports: ApiPorts,
): Promise<HttpsServer> {
  await using started = new AsyncDisposableStack();
  const { clock, log, accounts } = ports;
  const { oidc } = people;
  const secret = await store.ownSecret('operator-tokens');
  const tokens = new Tokens(secret, own.identity.endpointId, clock, people.tokenSeconds);
  const reader =
    oidc &&
    openIdReader(
      { ...oidc, caPem: oidc.authority === undefined ? undefined : await readFile(oidc.authority, 'utf8') },
      clock,
    );
  const app = await configurationApi(ports, bearerReader({ store, tokens, openId: reader, log }), (routes) =>
    signInRoute(routes, new SignIn({ accounts, tokens, clock, log })),
  );
  started.defer(() => app.close());
  const tls = { ...serverTls(own.identity), requestCert: false, rejectUnauthorized: false };
  const { secure } = own;
  const { port, door } = started.use(await serveHttps(app.routing, { ...limits, headerBytes, ...people, tls, secure }));
  const serving = started.move();
  return { port, door, [Symbol.asyncDispose]: () => serving.disposeAsync() };
}
