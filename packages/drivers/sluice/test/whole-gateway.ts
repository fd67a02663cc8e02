import { silentLog } from '@sluice/io';
import { inMemoryDataPlane } from '@sluice/kernel';
import type { Clock } from '@sluice/model';
import { type Agent, createAgent } from '@sluice/usp-agent';
import { homeModels } from '../../../../apps/gateway/device-model/home-models.ts';
import { Listeners } from '../../../../apps/gateway/device-model/listeners.ts';
import { natModel } from '../../../../apps/gateway/device-model/nat.ts';
import { Home } from '../../../../apps/gateway/home/home.ts';
import { Openings } from '../../../../apps/gateway/openings/openings.ts';
import { openingsModel } from '../../../../apps/gateway/openings/openings-model.ts';
import { policySchema } from '../../../../apps/gateway/policy/policy.ts';
import { GlobalPorts } from '../../../../apps/gateway/ports/global-ports.ts';

/** What can be different about a gateway. */
export interface WholeGatewayOptions {
  readonly endpointId: string;
  readonly controllers: readonly string[];
  readonly clock: Clock;
  readonly policy?: object;
  /** Left out, it is the router too. */
  readonly translates?: false;
}

/** Our gateway with all its parts, but for packets: the agent, the rows, the policy, over a data plane in memory. */
export function wholeGateway({ policy: policyOverrides, ...options }: WholeGatewayOptions) {
  const { endpointId, controllers, clock, translates = true } = options;
  const dataPlane = inMemoryDataPlane(clock, { translates });
  dataPlane.load({ wan: ['wan0'], lan: ['lan0'] });
  const home = new Home({ wan: ['wan0'], lan: ['lan0'] });
  home.loadAddresses(addressesJson(['203.0.113.1/24', '2001:db8:1::1/64']));
  const policy = policySchema.parse({
    // Nobody signs here, and no flow is in its table.
    consent: 'off',
    controllers: controllers.map((controller) => ({ endpointId: controller })),
    ...policyOverrides,
  });
  const pool = () => new GlobalPorts(policy.globalPorts, clock, Math.random);
  const ports = { tcp: pool(), udp: pool(), sctp: pool() };
  const listeners = new Listeners();
  const openings = new Openings({
    dataPlane,
    clock,
    policy,
    translates,
    ports,
    networks: () => home.networks,
    deviceOf: (address) => home.neighbours.deviceOf(address),
    keys: new Map(),
    tell: (event) => listeners.tell(event),
  });
  const rows = openingsModel(openings, listeners);
  const { models, interfaceSettings } = homeModels(home, translates);
  const start = (): Agent =>
    createAgent({
      endpointId,
      softwareVersion: '0',
      device: { oui: '000000', productClass: 'gateway', serialNumber: '1' },
      controllers: controllers.map((controller) => ({ endpointId: controller })),
      models: [...models, rows, natModel(rows, interfaceSettings, ports, policy)],
      clock,
      log: silentLog,
    });
  return {
    dataPlane,
    openings,
    rows,
    start,
    /** The WAN's addresses become these. */
    moveTo: (wan: readonly string[]) => home.loadAddresses(addressesJson(wan)),
  };
}

/** As `ip -json address show` writes them. */
function addressesJson(wan: readonly string[]): string {
  const lan = ['192.168.1.1/24', '2001:db8:100::1/64'];
  return JSON.stringify(
    Object.entries({ wan0: wan, lan0: lan }).map(([ifname, list]) => ({
      ifname,
      flags: ['UP'],
      mtu: 1500,
      addr_info: list.map((text) => {
        const [local, prefixlen] = text.split('/');
        return { local, prefixlen: Number(prefixlen), scope: 'global' };
      }),
    })),
  );
}
