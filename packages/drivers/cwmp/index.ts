import type { Driver } from '@sluice/driver';
import { type CwmpStep, planCwmp } from './plan.ts';
import { type CwmpDriverPorts, cwmpSession } from './session.ts';
import { cwmpTraits } from './traits.ts';
import { untilAborted } from './until-aborted.ts';
import { Work } from './work.ts';

export { DeviceBook } from './device-book.ts';
export { type LookReason, reasonToLook } from './news.ts';
export type { CwmpStep, Lease } from './plan.ts';
export type { CwmpPort, DeviceContact, DeviceConversation } from './port.ts';
export type { PortPicking } from './ports.ts';
export type { CwmpDriverPorts } from './session.ts';
export { cwmpTraits } from './traits.ts';

/**
 * Driver for gateways that speak TR-069 and whose ACS is this configuration server, with data models TR-098 and TR-181.
 * A device is woken when it is needed.
 */
export function cwmpDriver(ports: CwmpDriverPorts): Driver<CwmpStep> {
  const { acs, book, clock } = ports;
  return {
    type: 'cwmp',
    traits: cwmpTraits,
    plan: (change, _observed, now) => planCwmp(change, now),
    async connect(gateway, signal) {
      const session = cwmpSession(gateway, ports);
      // Where it is reached and what it can do is known, or found out now.
      await session.addresses(signal);
      return session;
    },
    // What is remembered shows nobody there: it has to come.
    async greet({ gatewayId }, signal) {
      const looking = acs.alone(gatewayId, signal, (device) => {
        const known = book.meet(gatewayId, device.contact);
        return new Work(device, known, clock).place();
      });
      return (await untilAborted(looking, signal)).addresses;
    },
  };
}
