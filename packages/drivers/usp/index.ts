import { type Driver, Unreachable } from '@sluice/driver';
import { planUsp, type UspStep } from '@sluice/usp-gateway';
import { portMappingTable } from '@sluice/wire/usp';
import { capabilitiesIn, uspTraits } from './capabilities.ts';
import { chainAt } from './chain.ts';
import { type UspDriverPorts, uspSession } from './session.ts';

export { type Capabilities, capabilitiesIn, traitsOf, uspTraits } from './capabilities.ts';
export type { UspDriverPorts } from './session.ts';

/**
 * Driver for any TR-369 agent with the standard's own tables. What an agent knows is asked when it is met; its
 * session's traits say what that comes to. With `communication.url` it is dialled when it is not connected.
 */
export function uspDriver(ports: UspDriverPorts): Driver<UspStep> {
  const driver: Driver<UspStep> = {
    type: 'usp',
    traits: uspTraits,
    plan: (change, _observed, now) => planUsp(change, now),
    async connect(gateway, signal) {
      const { gatewayId, communication } = gateway;
      const { supported } = await ports.controller.reach(gatewayId, communication.url, signal);
      const capabilities = capabilitiesIn(supported);
      if (!capabilities)
        throw new Unreachable(`${gatewayId} has no ${portMappingTable} with rows that could be found again`);
      const { controller, clock } = ports;
      const chain = capabilities.rule.size > 0 ? await chainAt(controller, clock, gatewayId, signal) : undefined;
      return uspSession({ gateway, capabilities, chain }, ports);
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
