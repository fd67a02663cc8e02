import type { TellableType } from '@sluice/api';
import { VirtualClock } from '@sluice/io';
import { type GatewayType, type HomeSightings, type RefusalCode, refuse } from '@sluice/model';
import { inMemoryStore } from '@sluice/store';
import { Registrations } from '../../../../packages/control/registration/registrations.ts';
import { CallingGateways } from '../calling-gateways.ts';
import { Discovery } from '../discovery.ts';
import { RegisteredHomes } from '../registered-homes.ts';
import { type Behaviour, twinDrivers } from './twin-drivers.ts';

/** Where requests come from. */
export const outside = '198.51.100.7';
/** What an appliance sees whose router answers in no way. */
export const nothing: HomeSightings = {
  router4: '192.168.1.1',
  hasIpv6: false,
  missing: { igd: 'nobody answers a search' },
};

/** A configuration server's discovery, where appliances see `sees`. */
export function desk(
  sees: HomeSightings | string = nothing,
  rule: 'off' | 'on' = 'on',
  behaviours: Readonly<Record<string, Behaviour>> = {},
) {
  const clock = new VirtualClock();
  const twins = twinDrivers(clock, behaviours);
  const registrations = new Registrations(inMemoryStore(), () => {});
  const calling = new CallingGateways();
  const known = new Map<string, string>();
  const told: string[] = [];
  const state = { sees, looks: 0, delay: undefined as Promise<void> | undefined };
  const discovery = new Discovery({
    ...{ rule, registrations, calling, clock, drivers: twins.drivers },
    homes: new RegisteredHomes(registrations, () => undefined),
    gatewayAt: async (address) => known.get(address),
    async look(_, signal) {
      state.looks++;
      await state.delay;
      signal.throwIfAborted();
      return state.sees;
    },
    registered: ({ applianceId, gatewayId, evidence }, type) =>
      void told.push(`${applianceId} ${gatewayId} ${type} ${evidence.by}`),
  });
  return {
    ...{ clock, registrations, calling, discovery, known, told, state, twins },
    contact: (applianceId = 'tv', address = outside, told?: TellableType) =>
      discovery.contact(applianceId, address, told),
    refusedWith: (code: RefusalCode, applianceId = 'tv') =>
      discovery.judged(applianceId, { kind: 'refused', refusal: refuse(code, 'no') }),
    call: (gatewayId: string, address: string, type: GatewayType = 'sluice', closed = new Promise(() => {})) =>
      calling.connected(gatewayId, address, closed, async () => type),
  };
}
