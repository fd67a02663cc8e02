import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Registrations } from '@sluice/control';
import { Acs, type DeviceDirectory, listenCwmp, listenStun } from '@sluice/cwmp-acs';
import type { Driver } from '@sluice/driver';
import { cwmpDriver, DeviceBook, reasonToLook } from '@sluice/drivers/cwmp';
import type { ConfigurationServerConfig } from '../config.ts';
import type { DriverPorts } from '../driver-ports.ts';
import { CwmpDevices } from './devices.ts';

/** Whom devices are known by, and what is held at them. */
export interface CwmpWorld {
  readonly registrations: Registrations;
  /** Openings of live sessions at a gateway. */
  openingsAt(gatewayId: string): number;
}

/** What speaks CWMP (TR-069) here, where that is configured: the devices' configuration server (ACS). */
export interface CwmpRoom extends Disposable {
  readonly drivers: readonly Driver[];
  /** Takes the sessions of devices from now on, until it is disposed of. */
  listen(world: CwmpWorld): Promise<CwmpListening>;
}

/** Where devices reach it; both undefined where it is not configured. */
export interface CwmpListening extends AsyncDisposable {
  readonly port?: number;
  readonly stunPort?: number;
}

/** Opens the ACS; it takes no session before it listens. Without `cwmp` in the configuration there is none. */
export function cwmpRoom(ports: DriverPorts): CwmpRoom {
  const { config, clock, log, news } = ports;
  const wanted = config.cwmp;
  if (!wanted)
    return { drivers: [], listen: async () => ({ async [Symbol.asyncDispose]() {} }), [Symbol.dispose]() {} };
  const book = new DeviceBook();
  let world: CwmpWorld | undefined;
  let devices: DeviceDirectory | undefined;
  const acs = new Acs({
    clock,
    log,
    limits: { sessions: wanted.sessions, bodyBytes: wanted.bodyBytes },
    devices: {
      byIdentity: async (identity) => devices?.byIdentity(identity),
      byGatewayId: async (gatewayId) => devices?.byGatewayId(gatewayId),
      byConnectionRequestName: async (username) => devices?.byConnectionRequestName(username),
    },
    listener: {
      informed(contact) {
        const { gatewayId, address } = contact;
        if (address !== undefined) ports.calling.informed(gatewayId, address);
        const hasOpenings = (world?.openingsAt(gatewayId) ?? 0) > 0;
        const reason = reasonToLook(gatewayId, contact, book, { hasOpenings, isExpected: contact.isAwaited });
        if (!reason) return undefined;
        return reason.isNews ? news.cameBack(gatewayId, reason.why) : news.putRight(gatewayId, reason.why);
      },
    },
  });
  const picking = { range: config.globalPorts, random: strongRandom };
  return {
    drivers: [cwmpDriver({ acs, clock, book, picking })],
    async listen(given) {
      await using started = new AsyncDisposableStack();
      const directory = started.use(new CwmpDevices(given.registrations));
      await directory.fill();
      // What was proven under a registration is not proven under another.
      started.defer(
        given.registrations.observeGateways((gatewayId) => acs.sessionWith(gatewayId)?.end('its registration changed')),
      );
      world = given;
      devices = directory;
      const { port } = started.use(
        await listenCwmp(acs, {
          hosts: wanted.hosts,
          port: wanted.port,
          ...(wanted.tls && { tls: await tlsOf(wanted.tls) }),
          ...(wanted.connections !== undefined && { connections: wanted.connections }),
        }),
      );
      let stunPort: number | undefined;
      if (wanted.stun) {
        const stun = started.use(await listenStun({ ...wanted.stun, devices: directory, log }));
        acs.bindings = stun.bindings;
        stunPort = stun.port;
      }
      const running = started.move();
      return {
        port,
        ...(stunPort !== undefined && { stunPort }),
        [Symbol.asyncDispose]: () => running.disposeAsync(),
      };
    },
    [Symbol.dispose]: () => acs[Symbol.dispose](),
  };
}

/** Uniform in [0, 1) from the platform's strong source. */
function strongRandom(): number {
  return randomInt(2 ** 32) / 2 ** 32;
}

async function tlsOf({
  certificate,
  key,
  authority,
}: NonNullable<NonNullable<ConfigurationServerConfig['cwmp']>['tls']>) {
  return {
    cert: await readFile(certificate, 'utf8'),
    key: await readFile(key, 'utf8'),
    ...(authority !== undefined && { ca: await readFile(authority, 'utf8') }),
  };
}
