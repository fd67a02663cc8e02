import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Identity, openAuthority, peerIdentity, serverTls, writeIdentity } from '@sluice/identity';
import { silentLog, systemClock } from '@sluice/io';
import { inMemoryDataPlane } from '@sluice/kernel';
import { listenWebSocket } from '@sluice/mtp';
import { type Notification, UspController } from '@sluice/usp-controller';
import type { UspAnswer } from '@sluice/wire/usp';
import { gatewayConfig } from '../config.ts';
import type { Home } from '../home/home.ts';
import type { Machine } from '../main.ts';

export const gatewayId = 'self::gateway-1';
export const controllerId = 'self::configuration-1';
const addresses = (wan: string) =>
  JSON.stringify(
    [
      { ifname: 'wan0', local: wan },
      { ifname: 'lan0', local: '192.168.1.1' },
    ].map(({ ifname, local }) => ({
      ifname,
      flags: ['UP'],
      addr_info: [{ local, prefixlen: 24, scope: 'global' }],
    })),
  );

/** A machine whose kernel and addresses are in memory; its time is real, since its connections are. */
export function machineInMemory() {
  const dataPlane = inMemoryDataPlane(systemClock);
  let home: Home | undefined;
  const machine: Machine = {
    clock: systemClock,
    openDataPlane: () => dataPlane,
    async followHome(followed) {
      home = followed;
      home.loadAddresses(addresses('203.0.113.1'));
    },
  };
  return { machine, dataPlane, moveTo: (wan: string) => home?.loadAddresses(addresses(wan)) };
}

/** A directory with an authority, and a configuration server that listens. */
export async function deployment(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-gateway-'));
  const ending = new AbortController();
  t.after(async () => {
    ending.abort();
    await rm(directory, { recursive: true });
  });
  const authority = await openAuthority(join(directory, 'authority'));
  const own = await authority.issue({ endpointId: gatewayId, role: 'gateway', names: ['127.0.0.1'] });
  await writeIdentity(join(directory, 'gateway'), own);
  const configuration = await authority.issue({
    endpointId: controllerId,
    role: 'configuration-server',
    names: ['127.0.0.1'],
  });
  return { directory, authority, configuration, signal: ending.signal };
}

/** A controller that listens for the gateway, and asks it. */
export async function controllerOf(identity: Identity, signal: AbortSignal) {
  const told: Notification[] = [];
  const waiting: { readonly wanted: (news: Notification) => boolean; readonly found: (news: Notification) => void }[] =
    [];
  const turns = { online: Promise.withResolvers<void>(), offline: Promise.withResolvers<void>() };
  const controller = new UspController({
    endpointId: identity.endpointId,
    clock: systemClock,
    idPrefix: 'c-',
    branches: ['Device.NAT.'],
    listener: {
      online: () => turns.online.resolve(),
      offline: () => turns.offline.resolve(),
      booted() {},
      notified(_, news) {
        told.push(news);
        for (const { wanted, found } of waiting) if (wanted(news)) found(news);
      },
      troubled() {},
    },
  });
  const listening = await listenWebSocket(
    {
      host: '127.0.0.1',
      port: 0,
      path: '/usp',
      endpointId: identity.endpointId,
      clock: systemClock,
      log: silentLog,
      tls: serverTls(identity),
      identify: (socket) => peerIdentity(socket)?.endpointId,
      onConnection: (connection) => controller.take(connection),
    },
    signal,
  );
  return {
    controller,
    turns,
    url: `wss://127.0.0.1:${listening.port}/usp`,
    ask: (request: Parameters<UspController['request']>[1]): Promise<UspAnswer> =>
      controller.request(gatewayId, request, AbortSignal.timeout(5_000)),
    news: (wanted: (news: Notification) => boolean): Promise<Notification> =>
      new Promise((found) => {
        const already = told.find(wanted);
        if (already) found(already);
        else waiting.push({ wanted, found });
      }),
  };
}

/** A gateway's configuration with what `more` says. */
export function configured(directory: string, more: object) {
  return gatewayConfig.parse({
    identity: join(directory, 'gateway'),
    interfaces: { wan: ['wan0'], lan: ['lan0'] },
    controlSocket: join(directory, 'gateway.socket'),
    redial: { minimumWaitMs: 10, multiplier: 1000 },
    state: directory,
    introductions: { port: 0 },
    policy: { consent: 'off' },
    ...more,
  });
}

/** An Add of a port mapping, for the film. */
export const row = {
  table: 'Device.NAT.PortMapping.',
  values: {
    Alias: 'film',
    Enable: 'true',
    RemoteHost: '203.0.113.10',
    X_SLUICE_RemotePort: '7000',
    Protocol: 'UDP',
    InternalClient: '192.168.1.2',
    InternalPort: '5000',
    LeaseDuration: '60',
  },
};

/** The kind of an answer's message, or its error's code. */
export const caseOf = (answer: UspAnswer) => (answer.kind === 'response' ? answer.response.case : answer.code);
