import type { Probe } from '@sluice/control';
import type { Driver } from '@sluice/driver';
import { igdTraits } from '@sluice/drivers/igd';
import { natPmpTraits } from '@sluice/drivers/nat-pmp';
import { pcpTraits } from '@sluice/drivers/pcp';
import { sshNftDriver } from '@sluice/drivers/ssh-nft';
import { gatewayRulesets } from '@sluice/kernel/ruleset';
import { byAppliance } from './by-appliance/driver.ts';
import { ApplianceLinks } from './by-appliance/links.ts';
import { probeThrough } from './by-appliance/probe.ts';
import { type CwmpWorld, cwmpRoom } from './cwmp/room.ts';
import type { DriverPorts } from './driver-ports.ts';
import { sshPort } from './ssh.ts';
import { uspRoom } from './usp.ts';

/** Every gateway type that this configuration server speaks. Disposing ends their conversations. */
export interface GatewayDrivers extends AsyncDisposable {
  readonly drivers: readonly Driver[];
  /** The connections of appliances that speak to their own gateways. */
  readonly links: ApplianceLinks;
  /** Checks from outside what they say. */
  readonly probe: Probe;
  /** Takes what gateways begin themselves from now on, until it is disposed of: there is somebody to tell. */
  listen(world: CwmpWorld): Promise<ListeningPorts & AsyncDisposable>;
}

/** Where gateways reach this configuration server. */
export interface ListeningPorts {
  readonly usp: number;
  /** For TR-069, where it is configured. */
  readonly cwmp?: number;
  readonly stun?: number;
}

/** Types that answer only inside the home: the appliance there runs their drivers. */
const inHome = [
  { type: 'igd', traits: igdTraits },
  { type: 'pcp', traits: pcpTraits },
  { type: 'nat-pmp', traits: natPmpTraits },
] as const;

/** The table of drivers: a gateway type that is not in it is refused as `gateway-unspoken`. */
export function gatewayDrivers(ports: DriverPorts): GatewayDrivers {
  const opened = new AsyncDisposableStack();
  const usp = opened.use(uspRoom(ports));
  const cwmp = opened.use(cwmpRoom(ports));
  const { config, clock, log, news } = ports;
  const links = new ApplianceLinks(log, news);
  return {
    drivers: [
      ...usp.drivers,
      ...cwmp.drivers,
      ...inHome.map((type) => byAppliance(type, { links, clock, exchangeMs: config.limits.exchangeMs })),
      sshNftDriver({
        ssh: sshPort,
        rulesets: (translates) => gatewayRulesets('sluice', translates),
        clock,
        lost(gatewayId, why) {
          news.lost(gatewayId, why);
          // Nobody dials us from there: it is asked until it answers.
          news.cameBack(gatewayId, why);
        },
      }),
    ],
    links,
    probe: probeThrough({ links, clock }),
    async listen(world) {
      await using started = new AsyncDisposableStack();
      const uspListening = started.use(await usp.listen());
      const { port, stunPort } = started.use(await cwmp.listen(world));
      const listening = started.move();
      return {
        usp: uspListening.port,
        ...(port !== undefined && { cwmp: port }),
        ...(stunPort !== undefined && { stun: stunPort }),
        [Symbol.asyncDispose]: () => listening.disposeAsync(),
      };
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
