import { type Driver, Unreachable } from '@sluice/driver';
import { planUsp, type UspStep } from '@sluice/usp-gateway';
import { openingParameter, portMappingTable } from '@sluice/wire/usp';
import { type SluiceDriverPorts, sluiceSession } from './session.ts';
import { sluiceTraits } from './traits.ts';

export type { SluiceDriverPorts } from './session.ts';
export { firewallTraits, sluiceTraits } from './traits.ts';

/**
 * Driver for gateways that run our agent, over USP (TR-369). A gateway whose registration has `communication.url`
 * (`wss://host:port/path`) is dialled when it is not connected; the others dial us.
 */
export function sluiceDriver(ports: SluiceDriverPorts): Driver<UspStep> {
  const driver: Driver<UspStep> = {
    type: 'sluice',
    traits: sluiceTraits,
    plan: (change, _observed, now) => planUsp(change, now),
    async connect(gateway, signal) {
      const { gatewayId, communication } = gateway;
      const { supported } = await ports.controller.reach(gatewayId, communication.url, signal);
      const mapping = supported.get(`${portMappingTable}{i}.`);
      // Without it, an opening would be wider than the traits promise.
      if (!mapping?.has(openingParameter.remotePort) || !mapping.has(openingParameter.streamType))
        throw new Unreachable(
          `${gatewayId} is a USP agent of another kind: it knows no ${openingParameter.streamType}`,
        );
      return sluiceSession(gateway, ports, signal);
    },
  };
  return {
    ...driver,
    // A connection that is there, and an answer that is remembered, show nobody at its other end.
    async greet(gateway, signal) {
      const session = await driver.connect(gateway, signal);
      ports.addressBook.forget(gateway.gatewayId);
      return session.addresses(signal);
    },
  };
}
