import { randomInt } from 'node:crypto';
import { auditSettings, openAudit, Sparing } from '@sluice/audit';
import { type Control, openControl, RequestLimits } from '@sluice/control';
import { joinDeployment, openAuthority, serverTls } from '@sluice/identity';
import { type Log, type PartsBeside, serveHttps, systemClock } from '@sluice/io';
import { openSqliteStore } from '@sluice/store';
import { discoveryLines } from './accounting/discovery-lines.ts';
import { accountedNews } from './accounting/gateway-lines.ts';
import { sessionLines } from './accounting/session-lines.ts';
import { accountedRegistrar } from './accounting/standing-lines.ts';
import { Players } from './by-appliance/players.ts';
import type { ConfigurationServerConfig } from './config.ts';
import { Contacts } from './contacts.ts';
import { CallingGateways } from './discovery/calling-gateways.ts';
import { Discovery } from './discovery/discovery.ts';
import { lookThrough } from './discovery/look-through.ts';
import { RegisteredHomes } from './discovery/registered-homes.ts';
import { gatewayDrivers } from './drivers.ts';
import { gatewayNews } from './gateway-news.ts';
import { configurationApi } from './http/app.ts';
import { certificateReader } from './http/caller.ts';
import { enrolmentApp } from './http/enrolment-app.ts';
import type { ApiPorts } from './http/ports.ts';
import { MediaServers } from './media-servers.ts';
import { servePeople } from './people.ts';
import { secretsKey } from './secrets-key.ts';
import { controlSettings } from './settings.ts';
import { Accounts } from './sign-in/accounts.ts';
import { ownAuthority } from './standing/own-authority.ts';
import { openRegistrar } from './standing/registrar.ts';

/** A configuration server that serves. Disposing of it stops serving; openings stay until their leases end. */
export interface RunningConfigurationServer extends AsyncDisposable {
  /** Of the HTTPS API. */
  readonly apiPort: number;
  /** Where gateways connect to. */
  readonly uspPort: number;
  /** Where devices that speak TR-069 connect to, and their STUN server; undefined where they do not. */
  readonly cwmpPort?: number;
  readonly stunPort?: number;
  /** Where parts enrol; undefined where they do not. */
  readonly enrolmentPort?: number;
  /** Where people sign in; undefined where they do not. */
  readonly signInPort?: number;
}

/**
 * Starts a configuration server; resolves when it serves. Throws when the identity or the database cannot be read, or
 * a port not be taken. `beside` are the other parts of its process.
 */
export async function runConfigurationServer(
  config: ConfigurationServerConfig,
  log: Log,
  signal: AbortSignal,
  beside?: PartsBeside,
): Promise<RunningConfigurationServer> {
  const ending = new AbortController();
  const lifetime = AbortSignal.any([signal, ending.signal]);
  await using started = new AsyncDisposableStack();
  const own = started.use(await joinDeployment({ directory: config.identity, clock: systemClock, log }));
  const { identity, secure } = own;
  started.defer(() => ending.abort(new Error('the configuration server ends')));

  // First: it is held by one server alone, and so is the audit beside it.
  const store = started.use(await openSqliteStore({ file: config.database, log, keys: secretsKey(config) }));
  const audited = auditSettings({ ...config.audit, directory: config.audit.directory ?? `${config.database}-audit` });
  const audit = started.use(await openAudit(audited, { identity, clock: systemClock, log }));
  /** Refusals that one portal, or one caller, is accounted for in a minute. */
  const sparing = new Sparing(systemClock, 600, 60_000);
  let control: Control | undefined;
  const news = accountedNews(gatewayNews({ control: () => control, log, lifetime }), audit);
  const calling = new CallingGateways();
  const gateways = started.use(gatewayDrivers({ config, own, clock: systemClock, log, news, calling, lifetime }));
  const registering = await openRegistrar({
    store,
    authority: config.authority === undefined ? undefined : await openAuthority(config.authority),
    revocations: own.revocations,
    clock: systemClock,
    lifetimeSeconds: config.certificates.lifetimeSeconds,
  });
  const registrar = accountedRegistrar(registering, audit);
  control = started.use(
    await openControl(
      {
        store,
        clock: systemClock,
        log,
        drivers: gateways.drivers,
        random: strongRandom,
        probe: gateways.probe,
        tell: sessionLines(audit, sparing),
      },
      controlSettings(config),
    ),
  );

  const { registrations, gatewayStatus } = control;
  const reached = started.use(
    await gateways.listen({ registrations, openingsAt: (gatewayId) => gatewayStatus(gatewayId).openings }),
  );
  const { usp: uspPort, cwmp: cwmpPort, stun: stunPort } = reached;
  let enrolmentPort: number | undefined;
  if (config.enrolment) {
    const enrolments = await enrolmentApp(registrar, systemClock, log);
    started.defer(() => enrolments.close());
    const tls = { ...serverTls(identity), requestCert: false, rejectUnauthorized: false };
    const serving = started.use(
      await serveHttps(enrolments.routing, { ...config.limits, ...config.enrolment, tls, secure }),
    );
    enrolmentPort = serving.port;
  }
  const contacts = new Contacts({
    rule: config.registration,
    periodMs: config.registrationPeriodSeconds * 1_000,
    registrations,
    addressesOf: (gatewayId) => gatewayStatus(gatewayId).addresses,
    clock: systemClock,
  });
  const homes = new RegisteredHomes(registrations, (gatewayId) => gatewayStatus(gatewayId).addresses);
  const discovery = new Discovery({
    rule: config.discovery,
    registrations,
    // What an appliance says of its gateway's addresses is no evidence for another.
    gatewayAt: (address) => contacts.gatewayAt(address, ({ communication }) => communication.through !== 'appliance'),
    homes,
    drivers: gateways.drivers,
    calling,
    look: lookThrough(gateways.links, systemClock),
    clock: systemClock,
    registered: discoveryLines(audit, log),
  });
  const players = new Players({
    links: gateways.links,
    gatewayAt: async (address) => {
      const gatewayId = await contacts.gatewayAt(address);
      return gatewayId === undefined ? undefined : registrations.gateway(gatewayId);
    },
    clock: systemClock,
  });
  const accounts = new Accounts(store, systemClock);
  let signInPort: number | undefined;
  const apiPorts: ApiPorts = {
    control,
    registrar,
    contacts,
    discovery,
    players,
    homes,
    audit,
    sparing,
    enrolmentUrl: (host) =>
      config.enrolment && (config.enrolment.url ?? `https://${host}:${enrolmentPort ?? config.enrolment.port}`),
    limits: new RequestLimits(systemClock, config.limits.requests),
    unregisteredPortals: config.unregisteredPortals,
    accounts,
    signInUrl: (host) =>
      config.operators && (config.operators.url ?? `https://${host}:${signInPort ?? config.operators.port}`),
    mediaServers: started.use(new MediaServers(config.mediaServers, own, beside, systemClock)),
    links: gateways.links,
    clock: systemClock,
    log,
    bodyBytes: config.limits.bodyBytes,
    lifetime,
  };
  const app = await configurationApi(apiPorts, certificateReader());
  started.defer(() => app.close());
  const { port: apiPort, door } = started.use(
    await serveHttps(app.routing, { ...config.limits, ...config.api, tls: serverTls(identity), secure }),
  );
  if (beside) started.use(beside.open('configuration-server', door));
  if (config.operators) {
    const people = started.use(await servePeople(config.operators, config.limits, own, store, apiPorts));
    signInPort = people.port;
  }
  if (config.authority !== undefined) void own.follow(ownAuthority(registrar, identity), lifetime);
  const running = started.move();
  log.info({ apiPort, uspPort, endpointId: identity.endpointId }, 'serving');
  return {
    apiPort,
    uspPort,
    ...(cwmpPort !== undefined && { cwmpPort }),
    ...(stunPort !== undefined && { stunPort }),
    ...(enrolmentPort !== undefined && { enrolmentPort }),
    ...(signInPort !== undefined && { signInPort }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Uniform in [0, 1) from the platform's strong source, which `randomInt` reads many at a call. */
function strongRandom(): number {
  return randomInt(2 ** 32) / 2 ** 32;
}
