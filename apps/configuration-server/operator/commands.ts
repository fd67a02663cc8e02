import { readFile } from 'node:fs/promises';
import {
  applianceList,
  applianceView,
  enrolmentTokenView,
  gatewayList,
  gatewayTypeNames,
  gatewayView,
  portalList,
  portalView,
  revocationView,
  sessionList,
  sessionView,
  statusView,
} from '@sluice/api';
import { roles } from '@sluice/identity';
import { type GatewayType, isSecretMember } from '@sluice/model';
import { Command, InvalidArgumentError, Option } from 'commander';
import { askSecrets } from './ask-secret.ts';
import { type Act, operatorCommand, say } from './operator-command.ts';
import { auditText, explain, instant, knownBy, table } from './text.ts';

const id = encodeURIComponent;

/** `sluice status`, `sessions`, `explain`, `gateways`, `appliances`, `portals`, `register`, `revoke` and `revoke-identity`. */
export function operatorCommands(): Command[] {
  return [
    operatorCommand('status', 'how much there is, at one glance', 'sluice status', status),
    operatorCommand('sessions', 'sessions and the state they are in', 'sluice sessions --state open', sessions)
      .addOption(
        new Option('--state <state>', 'only these').choices(['opening', 'open', 'closing', 'closed', 'refused']),
      )
      .option('--gateway <id>', 'only those behind this gateway')
      .option('--appliance <id>', 'only those of this appliance')
      .option('--limit <count>', 'at most so many', '100'),
    operatorCommand(
      'explain <session>',
      'what happened in a session: when, at which hop, and why',
      'sluice explain 0f3a',
      explainSession,
    ),
    operatorCommand('gateways', 'gateways, and whether they are online', 'sluice gateways', gateways),
    operatorCommand('appliances', 'appliances, and the gateway that each is behind', 'sluice appliances', appliances),
    operatorCommand('portals', 'portals, and where their streams may come from', 'sluice portals', portals),
    registerCommand(),
    operatorCommand(
      'revoke <session>',
      'close a session at its gateway now; its packets stop',
      'sluice revoke 0f3a',
      revoke,
    ),
    operatorCommand(
      'revoke-identity <endpoint-id>',
      'shut a part out: its certificates count no more, its connections end now',
      'sluice revoke-identity self::gateway-a',
      revokeIdentity,
    ).option('--serial <number>', 'this certificate alone, hexadecimal'),
  ];
}

/** `sluice enrol token`: lets one part enrol, once. */
export function enrolTokenCommand(): Command {
  return operatorCommand(
    'token <endpoint-id>',
    'make a one-time token with which a part enrols; it is shown once',
    'sluice enrol token self::gateway-a --role gateway',
    enrolToken,
  )
    .addOption(new Option('--role <role>', 'what the part is').choices([...roles]).makeOptionMandatory())
    .option('--name <names>', 'DNS names and IP addresses that the part serves under, with commas between')
    .option('--valid <time>', 'how long it may be used: 90s, 30m, 1h, 7d', '1h');
}

function registerCommand(): Command {
  return new Command('register')
    .description('add a gateway, an appliance or a portal to the registration database')
    .addCommand(
      operatorCommand(
        'gateway <id>',
        'register a gateway, or change how it is spoken to',
        'sluice register gateway self::gateway-a\n  sluice register gateway box-17 --type pcp --with address=192.168.1.1',
        registerGateway,
      )
        .addOption(new Option('--type <type>', 'how it is spoken to').choices(gatewayTypeNames).default('sluice'))
        .option('--behind <gateway>', 'the gateway that it is itself behind: the next hop outward')
        .option('--home <home>', 'the home that it is one way into; its ways are tried side by side')
        .option('--at <addresses>', 'global addresses of that home, with commas between; needs --home')
        .option('--url <url>', 'wss://host:port/path of a gateway that listens; left out, it dials')
        .option(
          '--with <name=value>',
          'what else its type is registered with; may be given several times; name=@file takes the content of a file',
          pair,
          {},
        )
        .option('--secret <names>', 'passwords and the like that are asked for, with commas between')
        .addOption(
          new Option('--port-agreement <way>', 'how global ports are agreed on').choices([
            'pick',
            'propose',
            'list-free',
          ]),
        ),
    )
    .addCommand(
      operatorCommand(
        'appliance <id>',
        'register an appliance behind a gateway, or in a home with several ways in',
        'sluice register appliance self::tv-a --gateway self::gateway-a\n  sluice register appliance self::tv-b --home house-17',
        registerAppliance,
      )
        .option('--gateway <id>', 'the gateway that it is behind')
        .option('--home <home>', 'the home that it is in; the best of its ways that answers is used'),
    )
    .addCommand(
      operatorCommand(
        'portal <id>',
        'register a portal: it may ask for streams from its own media servers alone',
        'sluice register portal self::portal-1 --remote 203.0.113.10,2001:db8:1::10',
        registerPortal,
      ).requiredOption('--remote <addresses>', 'addresses or prefixes of its media servers, with commas between'),
    );
}

const status: Act = async (client) =>
  say(await client.ask(statusView, 'GET', '/v1/status'), ({ gateways, sessions, openings, since, audit }) =>
    [
      `gateways  ${gateways.online} online of ${gateways.registered}`,
      `sessions  ${sessions.open} open, ${sessions.opening} being opened, ${sessions.closing} being closed`,
      `openings  ${openings}`,
      `serving   since ${instant(since)}`,
      ...(audit ? [auditText(audit)] : []),
    ].join('\n'),
  );

const sessions: Act = async (client, _words, { state, gateway, appliance, limit }) => {
  const query = new URLSearchParams({
    ...(typeof state === 'string' && { state }),
    ...(typeof gateway === 'string' && { gatewayId: gateway }),
    ...(typeof appliance === 'string' && { applianceId: appliance }),
    ...(typeof limit === 'string' && { limit }),
  });
  return say(await client.ask(sessionList, 'GET', `/v1/sessions?${query}`), ({ sessions }) =>
    table(
      ['session', 'state', 'appliance', 'content', 'gateway', 'openings', 'asked', 'reason'],
      sessions.map((session) => [
        session.sessionId,
        session.state,
        session.applianceId,
        session.contentId,
        session.gatewayId,
        String(session.openings.length),
        instant(session.createdAt),
        session.refusal?.code ?? session.closeReason ?? '',
      ]),
    ),
  );
};

const explainSession: Act = async (client, [session = '']) =>
  say(await client.ask(sessionView, 'GET', `/v1/sessions/${id(session)}`), explain);

const gateways: Act = async (client) =>
  say(await client.ask(gatewayList, 'GET', '/v1/gateways?limit=1000'), ({ gateways }) =>
    table(
      ['gateway', 'type', 'link', 'global addresses', 'openings', 'last seen', 'known by'],
      gateways.map(({ gatewayId, type, online, global, openings, lastSeen, evidence }) => [
        gatewayId,
        type,
        online ? 'online' : 'offline',
        global.join(' '),
        String(openings),
        lastSeen === undefined ? 'never' : instant(lastSeen),
        knownBy(evidence),
      ]),
    ),
  );

const appliances: Act = async (client) =>
  say(await client.ask(applianceList, 'GET', '/v1/appliances?limit=1000'), ({ appliances }) =>
    table(
      ['appliance', 'gateway', 'known by'],
      appliances.map(({ applianceId, gatewayId, evidence }) => [applianceId, gatewayId, knownBy(evidence)]),
    ),
  );

const registerGateway: Act = async (
  client,
  [gatewayId = ''],
  { type, url, behind, home, at, portAgreement, with: more, secret },
) => {
  if (at !== undefined && home === undefined)
    throw new InvalidArgumentError('--at needs --home: whose addresses they are');
  const communication = {
    ...(await membersOf(String(type), typeof more === 'object' ? more : {}, secret)),
    ...(typeof url === 'string' && { url }),
    ...(typeof portAgreement === 'string' && { portAgreement }),
  };
  const answer = await client.ask(gatewayView, 'PUT', `/v1/gateways/${id(gatewayId)}`, {
    type,
    communication,
    ...(typeof behind === 'string' && { behind }),
    ...(typeof home === 'string' && { home: { homeId: home, at: listed(at) } }),
  });
  return say(answer, ({ online }) => `${gatewayId} is registered${online ? ' and online' : ''}`);
};

const registerPortal: Act = async (client, [portalId = ''], { remote }) => {
  const remotes = listed(remote);
  return say(
    await client.ask(portalView, 'PUT', `/v1/portals/${id(portalId)}`, { remotes }),
    ({ remotes }) => `${portalId} is registered with ${remotes.join(', ')}`,
  );
};

const portals: Act = async (client) =>
  say(await client.ask(portalList, 'GET', '/v1/portals?limit=1000'), ({ portals }) =>
    table(
      ['portal', 'streams from'],
      portals.map(({ portalId, remotes }) => [portalId, remotes.join(' ')]),
    ),
  );

/** What a gateway is registered with: as given, out of files, and asked for. No secret stands on the command line. */
async function membersOf(
  type: string,
  given: Readonly<Record<string, string>>,
  secrets: unknown,
): Promise<Record<string, string>> {
  const members: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value.startsWith('@')) members[name] = await readFile(value.slice(1), 'utf8');
    else if (!isSecretMember(type as GatewayType, name)) members[name] = value;
    else
      throw new InvalidArgumentError(
        `${name} would be seen by everybody on this machine; give it with --secret ${name}, or --with ${name}=@file`,
      );
  }
  const names = listed(secrets);
  const values = names.length === 0 ? [] : await askSecrets(names);
  for (const [index, name] of names.entries()) members[name] = values[index] ?? '';
  return members;
}

/** What stands between commas. */
function listed(text: unknown): string[] {
  return typeof text === 'string' ? text.split(',').map((each) => each.trim()) : [];
}

/** One `name=value` more. */
function pair(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const [, name, value] = /^([A-Za-z]{1,64})=(.+)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError(`${text}: a name, = and a value`);
  return { ...before, [name]: value };
}

const registerAppliance: Act = async (client, [applianceId = ''], { gateway, home }) => {
  if ((gateway === undefined) === (home === undefined))
    throw new InvalidArgumentError('--gateway names what it is behind, or --home what it is in: one of them');
  const where = home === undefined ? { gatewayId: gateway } : { homeId: home };
  const answer = await client.ask(applianceView, 'PUT', `/v1/appliances/${id(applianceId)}`, where);
  return say(answer, ({ gatewayId, homeId }) =>
    homeId === undefined
      ? `${applianceId} is registered behind ${gatewayId}`
      : `${applianceId} is registered in ${homeId}; its first request tells which way is used`,
  );
};

const revoke: Act = async (client, [session = '']) =>
  say(
    await client.ask(sessionView, 'DELETE', `/v1/sessions/${id(session)}?reason=revoked`),
    ({ sessionId, state, until }) =>
      state === 'closing'
        ? `${sessionId}: the gateway cannot be reached; what it holds ends with its lease, ${instant(until)}`
        : `${sessionId} is ${state}`,
  );

const revokeIdentity: Act = async (client, [endpointId = ''], { serial }) => {
  const json = { endpointId, ...(typeof serial === 'string' && { serialNumber: serial }) };
  return say(
    await client.ask(revocationView, 'POST', '/v1/revocations', json),
    ({ at }) => `${endpointId}: what was issued until ${instant(at)} counts no more`,
  );
};

const enrolToken: Act = async (client, [endpointId = ''], { role, name, valid }) => {
  const names = listed(name);
  const json = { endpointId, role, names, validSeconds: secondsOf(String(valid)) };
  return say(await client.ask(enrolmentTokenView, 'POST', '/v1/enrolment-tokens', json), ({ token }) => token);
};

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

function secondsOf(time: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(time) ?? [];
  if (count === undefined) throw new InvalidArgumentError(`${time}: a number and s, m, h or d, such as 1h`);
  return Number(count) * (unitSeconds[unit] ?? 1);
}
