import { VirtualClock } from '@sluice/io';
import type { GatewayAddresses, Traits } from '@sluice/model';
import { openWorld, type World } from './home.ts';
import { SimulatedGateway, strongTraits } from './simulated-gateway.ts';

/** What the inner gateway of a row says of itself. */
export const homeNetworks: GatewayAddresses = {
  global: ['10.0.0.2'],
  local: [
    { address: '192.168.1.0', length: 24 },
    { address: '2001:db8:100::', length: 64 },
  ],
  own: ['192.168.1.1', '2001:db8:100::1'],
};

/** A home behind two boxes in a row, and its television registered. */
export interface Row extends World {
  /** What the appliance is behind. */
  readonly inner: SimulatedGateway;
  /** What that is behind. */
  readonly outer: SimulatedGateway;
}

/** Opens a {@link Row}: a NAT behind a NAT, or behind a box with other traits. */
export async function openRow(
  outerTraits: Partial<Traits> = {},
  innerTraits: Partial<Traits> = {},
  settings: Parameters<typeof openWorld>[2] = {},
): Promise<Row> {
  const clock = new VirtualClock();
  const outer = new SimulatedGateway(clock, { ...strongTraits, ...outerTraits }, 'self::outer');
  outer.addresses = {
    global: ['203.0.113.1'],
    local: [
      { address: '10.0.0.0', length: 24 },
      { address: '2001:db8:100::', length: 56 },
    ],
    own: ['10.0.0.1', '2001:db8:100:ff::1'],
  };
  outer.device = '10.0.0.2';
  const inner = new SimulatedGateway(clock, { ...strongTraits, ...innerTraits }, 'self::inner');
  inner.addresses = homeNetworks;
  inner.gateway = { ...inner.gateway, behind: 'self::outer' };
  const world = await openWorld(clock, [outer, inner], settings);
  await world.control.registrations.putAppliance({ applianceId: 'self::tv-1', gatewayId: 'self::inner' });
  return Object.defineProperties(world, { inner: { value: inner }, outer: { value: outer } }) as Row;
}
