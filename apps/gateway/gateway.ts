import { randomInt } from 'node:crypto';
import { type Audit, type AuditState, noAudit, Sparing } from '@sluice/audit';
import type { Log } from '@sluice/io';
import type { DataPlane } from '@sluice/kernel';
import type { Clock, IpAddress } from '@sluice/model';
import { closeCode, type UspConnection } from '@sluice/mtp';
import { type Agent, createAgent } from '@sluice/usp-agent';
import { accountedDesk } from './accounting/household-lines.ts';
import { accountedOpenings, endLines } from './accounting/opening-lines.ts';
import type { GatewayConfig } from './config.ts';
import type { LearnedKeys } from './consent/learned-keys.ts';
import { deviceInfoModel } from './device-model/device-info.ts';
import { homeModels } from './device-model/home-models.ts';
import { Listeners } from './device-model/listeners.ts';
import { natModel } from './device-model/nat.ts';
import type { FirewallState } from './firewall/keep-rules.ts';
import type { Home } from './home/home.ts';
import type { Networks } from './home/networks.ts';
import type { DeskGround } from './household/desk.ts';
import type { PauseMark } from './io/pause-mark.ts';
import { Openings, type OpeningsGround } from './openings/openings.ts';
import { openingsModel } from './openings/openings-model.ts';
import type { Policy } from './policy/policy.ts';
import { rolesOf } from './policy/roles.ts';
import type { PortsByTransport } from './ports/assign.ts';
import { GlobalPorts } from './ports/global-ports.ts';

/** What a gateway is made from. */
export interface GatewayGround {
  readonly endpointId: string;
  readonly policy: Policy;
  readonly device: GatewayConfig['device'];
  /** Whether IPv4 addresses are translated here. */
  readonly translates: boolean;
  /** Loaded: closed but for what it holds. */
  readonly dataPlane: DataPlane;
  /** Up to date. */
  readonly home: Home;
  readonly clock: Clock;
  readonly pause: PauseMark;
  readonly keys: LearnedKeys;
  readonly log: Log;
  /** Where openings, refusals and ends are accounted for; left out, nowhere. */
  readonly audit?: Audit & { readonly state: AuditState };
  /** Tells a media server that what its streams need is open; left out, nobody is told. */
  startMedia?: OpeningsGround['startMedia'];
  /** How the rules stand; left out where nobody looks. */
  firewall?(): FirewallState | undefined;
  /** Ports of the gateway itself, never given away. */
  readonly ownPorts?: readonly number[];
}

/** A gateway without its sockets: the agent, the openings, and the household's desk. */
export interface Gateway extends Disposable {
  readonly openings: Openings;
  readonly desk: DeskGround;
  /** Serves a controller over a connection. */
  attach(connection: UspConnection): void;
}

/** Puts a gateway together, and takes over what the kernel holds. Disposing leaves the kernel as it is. */
export function openGateway(ground: GatewayGround): Gateway {
  const { clock, policy, home, log, dataPlane, endpointId, device, translates } = ground;
  const audit: Audit = ground.audit ?? noAudit;
  const listeners = new Listeners();
  const ports = globalPorts(ground);
  const openings = new Openings({
    dataPlane,
    clock,
    policy,
    translates,
    ports,
    networks: () => home.networks,
    deviceOf: (address) => home.neighbours.deviceOf(address),
    keys: ground.keys,
    ...(ground.startMedia && { startMedia: ground.startMedia }),
    tell: (event) => listeners.tell(event),
  });
  listeners.observe(endLines(audit));
  const adopted = openings.adopt();
  log.info(adopted, 'took over what the kernel holds');
  if (ground.pause.isSet()) {
    const fault = openings.pause();
    log.warn(fault ?? {}, 'paused by the household');
  }
  listeners.observe((event) => {
    if (event.kind === 'event') log.info({ object: event.object, ...Object.fromEntries(event.args) }, 'ended');
    else if (event.kind === 'created') log.info({ object: event.object, owner: event.visibleTo }, 'row made');
  });

  const connected = new Map<string, UspConnection>();
  let own = wanAddresses(home.networks);
  // A connection from an address that is gone hears nothing any more and does not know it. It is cut before the new
  // address is told, so that this waits for the next one.
  const stopCutting = home.observe(() => {
    const before = own;
    own = wanAddresses(home.networks);
    if (before.every((address) => own.includes(address))) return;
    log.info({ before, now: own }, 'a global address is gone');
    for (const connection of connected.values()) connection.close(closeCode.goingAway, 'the global address changed');
  });
  const sparing = new Sparing(clock, 120, 60_000);
  const rows = accountedOpenings(openingsModel(openings, listeners), openings, audit, sparing);
  const followed = homeModels(home, translates);
  const agent: Agent = createAgent({
    endpointId,
    softwareVersion: device.softwareVersion,
    device: { oui: device.manufacturerOui, productClass: device.productClass, serialNumber: device.serialNumber },
    controllers: (policy.controllers ?? []).map(({ endpointId, right, roles = [right] }) => ({ endpointId, roles })),
    roles: rolesOf(policy),
    models: [
      rows,
      ...followed.models,
      natModel(rows, followed.interfaceSettings, ports, policy),
      deviceInfoModel(device, clock),
    ],
    clock,
    log,
  });
  return {
    openings,
    attach(connection) {
      connected.set(connection.peer, connection);
      void connection.closed.then(() => {
        if (connected.get(connection.peer) === connection) connected.delete(connection.peer);
      });
      agent.attach(connection);
    },
    desk: accountedDesk(
      {
        endpointId,
        openings,
        appliances: ground.keys,
        controllers: () =>
          (policy.controllers ?? []).map((controller) => ({
            endpointId: controller.endpointId,
            connected: connected.has(controller.endpointId),
          })),
        firewall: () => ground.firewall?.(),
        audit: () => ground.audit?.state,
        rememberPause: (paused) => ground.pause.set(paused),
      },
      audit,
    ),
    [Symbol.dispose]() {
      agent.close();
      followed.stop();
      stopCutting();
      openings[Symbol.dispose]();
    },
  };
}

function wanAddresses({ interfaces }: Networks): IpAddress[] {
  return interfaces.flatMap(({ side, addresses }) => (side === 'wan' ? addresses.map(({ address }) => address) : []));
}

function globalPorts({ policy, clock, ownPorts = [] }: GatewayGround): PortsByTransport {
  const range = { ...policy.globalPorts, except: ownPorts };
  // 0 <= x < 1 from a source that nobody outside can guess.
  const random = () => randomInt(2 ** 32) / 2 ** 32;
  const pool = () => new GlobalPorts(range, clock, random);
  return { tcp: pool(), udp: pool(), sctp: pool() };
}
