import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConformanceBench, driverConformance, type RefusedWish } from '@sluice/driver/conformance';
import { VirtualClock } from '@sluice/io';
import type { GrantedOpening } from '@sluice/model';
import { connectionPair } from '@sluice/mtp';
import { type AgentListener, UspController } from '@sluice/usp-controller';
import { AddressBook, type UspStep } from '@sluice/usp-gateway';
import { pinholeTable, portMappingTable } from '@sluice/wire/usp';
import { firewallTraits, sluiceDriver, sluiceTraits } from './index.ts';
import { lossy } from './test/lossy-connection.ts';
import { wholeGateway } from './test/whole-gateway.ts';

const [me, other, gatewayId] = ['self::configuration-1', 'self::configuration-2', 'self::gateway-a'];

const deaf: AgentListener = { online() {}, offline() {}, booted() {}, notified() {}, troubled() {} };

const to = (address: string) => (opening: Parameters<RefusedWish['spoil']>[0]) => ({
  ...opening,
  local: { ...opening.local, address },
});

const refusedWishes: readonly RefusedWish[] = [
  { what: 'the gateway itself', family: 4, spoil: to('192.168.1.1'), code: 'target-is-gateway' },
  { what: "the gateway's global address", family: 4, spoil: to('203.0.113.1'), code: 'target-is-gateway' },
  { what: 'a device of another network', family: 4, spoil: to('192.168.2.2'), code: 'local-address-outside-home' },
  { what: 'a multicast address', family: 4, spoil: to('224.0.0.251'), code: 'address-not-unicast' },
  { what: 'the broadcast address', family: 4, spoil: to('192.168.1.255'), code: 'address-not-unicast' },
  {
    what: 'a port of the system',
    family: 4,
    spoil: (opening) => ({ ...opening, local: { ...opening.local, port: 22 } }),
    code: 'port-denied',
  },
  {
    what: 'a remote inside the home',
    family: 4,
    spoil: (opening) => ({ ...opening, remote: { ...opening.remote, address: '192.168.1.9' } }),
    code: 'remote-denied',
  },
  {
    what: 'a lease of a year',
    family: 4,
    spoil: (opening) => ({ ...opening, until: opening.until + 365 * 86_400_000 }),
    code: 'lease-too-long',
  },
  {
    what: 'a device that no flow shows',
    family: 4,
    spoil: ({ local: { port }, ...opening }) => ({
      ...opening,
      local: { port },
      flow: { portal: { address: '203.0.113.20', port: 8443 }, observed: { address: '203.0.113.1', port: 1 } },
    }),
    code: 'device-not-found',
  },
  { what: 'the gateway itself', family: 6, spoil: to('2001:db8:100::1'), code: 'target-is-gateway' },
  { what: 'a device of another network', family: 6, spoil: to('2001:db8:200::2'), code: 'local-address-outside-home' },
];

const open = async (translates: boolean): Promise<ConformanceBench<UspStep>> => {
  const clock = new VirtualClock();
  const { dataPlane, rows, start } = wholeGateway({
    endpointId: gatewayId,
    controllers: [me, other],
    clock,
    ...(!translates && { translates }),
  });
  const agent = start();
  const [ours, theirs] = connectionPair(me, gatewayId);
  const connection = lossy(ours);
  const controller = new UspController({
    endpointId: me,
    clock,
    listener: deaf,
    branches: ['Device.NAT.', 'Device.Firewall.'],
    idPrefix: 'c-',
  });
  agent.attach(theirs);
  controller.take(connection);
  const gateway = { gatewayId, type: 'sluice' as const, communication: {} };
  const driver = {
    ...sluiceDriver({ controller, clock, addressBook: new AddressBook() }),
    ...(!translates && { traits: firewallTraits }),
  };
  // Where the addresses are known already, a lost message is the one that opens.
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
    carry({ global }: GrantedOpening, packets, bytes) {
      const held = dataPlane.read().find((opening) => opening.global.port === global.port);
      if (held) dataPlane.pass(held, packets, bytes);
    },
    async makeForeign() {
      const result = rows.apply(
        [
          {
            kind: 'add',
            table: translates ? portMappingTable : pinholeTable,
            parameters: new Map([
              ['Enable', 'true'],
              ['Interface', 'Device.IP.Interface.1'],
              ...(translates
                ? Object.entries({
                    RemoteHost: '203.0.113.77',
                    X_SLUICE_RemotePort: '9000',
                    Protocol: 'UDP',
                    InternalClient: '192.168.1.3',
                    InternalPort: '9000',
                  })
                : Object.entries({
                    SourcePrefixes: '203.0.113.77/32',
                    SourcePort: '9000',
                    Protocol: '17',
                    DestIP: '192.168.1.3',
                    DestPort: '9000',
                  })),
              ['LeaseDuration', '3600'],
            ]),
          },
        ],
        { endpointId: other },
      );
      const made = result.ok ? result.objects[0] : undefined;
      const look = () => JSON.stringify([...(rows.read(made ?? '', { endpointId: other }) ?? [])]);
      const before = look();
      return async () => made !== undefined && look() === before;
    },
    async [Symbol.asyncDispose]() {
      await controller[Symbol.asyncDispose]();
      agent.close();
    },
  };
};

driverConformance({ type: 'sluice', traits: sluiceTraits }, () => open(true));
driverConformance({ type: 'sluice', kind: 'a firewall that does not translate', traits: firewallTraits }, () =>
  open(false),
);

test('a gateway says itself whether it translates, as soon as it is spoken to', async () => {
  for (const [translates, traits] of [
    [true, sluiceTraits],
    [false, firewallTraits],
  ] as const) {
    await using bench = await open(translates);
    await using session = await bench.driver.connect(bench.gateway, AbortSignal.timeout(5_000));
    assert.deepEqual(session.traits, traits);
  }
});
