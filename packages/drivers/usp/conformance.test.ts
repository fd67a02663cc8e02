import { driverConformance, type RefusedWish } from '@sluice/driver/conformance';
import { silentLog, VirtualClock } from '@sluice/io';
import type { Traits } from '@sluice/model';
import { connectionPair } from '@sluice/mtp';
import { createAgent } from '@sluice/usp-agent';
import { type AgentListener, UspController } from '@sluice/usp-controller';
import { AddressBook } from '@sluice/usp-gateway';
import { portMappingTable } from '@sluice/wire/usp';

import { capabilitiesIn, traitsOf, uspDriver } from './index.ts';
import { lossyAdds } from './test/lossy-adds.ts';
import { StandardAgent, type StandardAgentOptions } from './test/standard-agent.ts';

const [me, gatewayId] = ['self::configuration-1', 'self::cpe-1'];
const deaf: AgentListener = { online() {}, offline() {}, booted() {}, notified() {}, troubled() {} };

const to = (address: string) => (opening: Parameters<RefusedWish['spoil']>[0]) => ({
  ...opening,
  local: { ...opening.local, address },
});
const refusedWishes: readonly RefusedWish[] = [
  { what: 'the gateway itself', family: 4, spoil: to('192.168.1.1'), code: 'gateway-refused' },
  { what: 'the gateway itself', family: 6, spoil: to('2001:db8:100::1'), code: 'gateway-refused' },
];

const kinds: readonly [string, Omit<StandardAgentOptions, 'clock'>, Traits][] = (
  [
    ['pinholes, leases and rules', { pinhole: true, leases: true, rules: true }],
    ['no pinholes', { leases: true }],
    ['no leases', { pinhole: true }],
    ['no aliases', { leases: true, alias: false }],
  ] as const
).map(([title, options]) => {
  const { types } = new StandardAgent({ ...options, clock: new VirtualClock() }).model;
  const known = new Map(types.map(({ path, parameters }) => [path, new Set(parameters.map(({ name }) => name))]));
  const capabilities = capabilitiesIn(known);
  if (!capabilities) throw new Error(`an agent with ${title} is none that could be spoken to`);
  return [title, options, traitsOf(capabilities, 'rules' in options)];
});

for (const [title, options, traits] of kinds)
  driverConformance({ type: 'usp', traits, kind: title }, async () => {
    const clock = new VirtualClock();
    const { model } = new StandardAgent({ ...options, clock });
    const agent = createAgent({
      endpointId: gatewayId,
      softwareVersion: '1',
      device: { oui: '00D09E', productClass: 'CPE', serialNumber: '1' },
      controllers: [{ endpointId: me }],
      models: [model],
      clock,
      log: silentLog,
    });
    const [ours, theirs] = connectionPair(me, gatewayId);
    const connection = lossyAdds(ours);
    const controller = new UspController({
      endpointId: me,
      clock,
      listener: deaf,
      branches: ['Device.NAT.', 'Device.Firewall.'],
      idPrefix: 'c-',
    });
    agent.attach(theirs);
    controller.take(connection);
    const gateway = { gatewayId, type: 'usp' as const, communication: {} };
    const driver = { ...uspDriver({ controller, clock, addressBook: new AddressBook() }), traits };
    await (await driver.connect(gateway, AbortSignal.timeout(5_000))).addresses(AbortSignal.timeout(5_000));
    return {
      driver,
      gateway,
      addresses: {
        4: { device: '192.168.1.2', server: '203.0.113.10' },
        6: { device: '2001:db8:100::2', server: '2001:db8:1::10' },
      },
      refusedWishes,
      now: () => clock.now(),
      pass: (ms) => clock.pass(ms),
      loseNextAnswer: () => connection.loseNextAnswer(),
      loseNextRequest: () => connection.loseNextRequest(),
      async makeForeign() {
        const values = { RemoteHost: '203.0.113.77', ExternalPort: '9000', Protocol: 'UDP', InternalPort: '9000' };
        const more = { InternalClient: '192.168.1.3', Enable: 'true', Description: 'household' };
        const made = model.add(portMappingTable, { ...values, ...more }, { endpointId: 'user' });
        const look = () => JSON.stringify([...(model.read(made, { endpointId: me }) ?? [])]);
        const before = look();
        return async () => look() === before && before !== '[]';
      },
      async [Symbol.asyncDispose]() {
        await controller[Symbol.asyncDispose]();
        agent.close();
      },
    };
  });
