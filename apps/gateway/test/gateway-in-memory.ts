import assert from 'node:assert/strict';
import { VirtualClock } from '@sluice/io';
import { type InMemoryDataPlane, inMemoryDataPlane } from '@sluice/kernel';
import { type Prefix, parsePrefix } from '@sluice/model';
import type { ChangeFailure, ChangeResult, DataModel, ModelChange, ModelEvent } from '@sluice/usp-agent';
import { pinholeTable, portMappingTable } from '@sluice/wire/usp';
import type { ConsentGround } from '../consent/judge.ts';
import { Listeners } from '../device-model/listeners.ts';
import type { Networks } from '../home/networks.ts';
import { Openings, type OpeningsGround } from '../openings/openings.ts';
import { openingsModel } from '../openings/openings-model.ts';
import { policySchema } from '../policy/policy.ts';
import { GlobalPorts } from '../ports/global-ports.ts';

/** The controllers of the tests: two that may open, one that may read. */
export const [mine, theirs, reader] = ['self::mine', 'self::theirs', 'self::reader'].map((endpointId) => ({
  endpointId,
})) as [{ endpointId: string }, { endpointId: string }, { endpointId: string }];

const prefix = (text: string): Prefix => {
  const parsed = parsePrefix(text);
  assert.ok(parsed);
  return parsed;
};

/** A home with one WAN and one LAN interface. */
export const homeNetworks: Networks = {
  interfaces: [
    { name: 'wan0', side: 'wan', up: true, mtu: 1500, addresses: [at('203.0.113.1', 24), at('2001:db8:1::1', 64)] },
    { name: 'lan0', side: 'lan', up: true, mtu: 1500, addresses: [at('192.168.1.1', 24), at('2001:db8:100::1', 64)] },
  ],
  local: [prefix('192.168.1.0/24'), prefix('2001:db8:100::/64')],
  own: new Set(['127.0.0.1', '::1', '203.0.113.1', '2001:db8:1::1', '192.168.1.1', '2001:db8:100::1']),
};

function at(address: string, prefixLength: number) {
  return { address, prefixLength, dynamic: false };
}

/** What can be different about a gateway under test. */
export interface Circumstances {
  readonly policy?: object;
  readonly networks?: Networks;
  /** A firewall that is no router. */
  readonly translates?: false;
  readonly clock?: VirtualClock;
  readonly dataPlane?: InMemoryDataPlane;
  /** Keys of appliances; none where left out. */
  readonly keys?: ConsentGround['keys'];
  /** Told when a start is due. */
  readonly startMedia?: OpeningsGround['startMedia'];
  /** Addresses of each device. */
  readonly neighbours?: readonly (readonly string[])[];
}

/** A gateway's openings over the data plane without packets. */
export function gatewayInMemory(circumstances: Circumstances = {}) {
  const clock = circumstances.clock ?? new VirtualClock();
  const translates = circumstances.translates ?? true;
  const dataPlane = circumstances.dataPlane ?? inMemoryDataPlane(clock, { translates });
  dataPlane.load({ wan: ['wan0'], lan: ['lan0'] });
  const policy = policySchema.parse({
    consent: 'off',
    controllers: [mine, theirs, { ...reader, right: 'read' }],
    ...circumstances.policy,
  });
  const ports = () => new GlobalPorts(policy.globalPorts, clock, Math.random);
  const listeners = new Listeners();
  const events: ModelEvent[] = [];
  listeners.observe((event) => events.push(event));
  let networks = circumstances.networks ?? homeNetworks;
  const openings = new Openings({
    dataPlane,
    clock,
    policy,
    translates,
    ports: { tcp: ports(), udp: ports(), sctp: ports() },
    networks: () => networks,
    deviceOf(address) {
      const device = (circumstances.neighbours ?? []).findIndex((addresses) => addresses.includes(address));
      return device < 0 ? undefined : `02:00:00:00:00:0${device + 2}`;
    },
    keys: circumstances.keys ?? new Map(),
    ...(circumstances.startMedia && { startMedia: circumstances.startMedia }),
    tell: (event) => listeners.tell(event),
  });
  return {
    clock,
    dataPlane,
    openings,
    model: openingsModel(openings, listeners),
    events,
    setNetworks(changed: Networks) {
      networks = changed;
    },
  };
}

/** An Add of a port mapping; parameters given in place of, or beside, those of a good one. */
export function mapping(parameters: Readonly<Record<string, string | undefined>> = {}): ModelChange {
  return add(portMappingTable, {
    Enable: 'true',
    RemoteHost: '203.0.113.10',
    X_SLUICE_RemotePort: '7000',
    Protocol: 'UDP',
    InternalClient: '192.168.1.2',
    InternalPort: '5000',
    LeaseDuration: '60',
    ...parameters,
  });
}

/** An Add of a pinhole, likewise. */
export function pinhole(parameters: Readonly<Record<string, string | undefined>> = {}): ModelChange {
  return add(pinholeTable, {
    Enable: 'true',
    SourcePrefixes: '2001:db8:1::10/128',
    SourcePort: '7000',
    Protocol: '17',
    DestIP: '2001:db8:100::2',
    DestPort: '5000',
    LeaseDuration: '60',
    ...parameters,
  });
}

function add(table: string, parameters: Readonly<Record<string, string | undefined>>): ModelChange {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { kind: 'add', table, parameters: new Map(given) };
}

/** A Set of some parameters of a row. */
export function set(object: string, parameters: Readonly<Record<string, string>>): ModelChange {
  return { kind: 'set', object, parameters: new Map(Object.entries(parameters)) };
}

/** The rows that a message made or touched; fails the test where it was refused. */
export function done(result: ChangeResult): readonly string[] {
  assert.ok(result.ok, JSON.stringify(result));
  return result.objects;
}

/** Why a message was refused; fails the test where it was not. */
export function refused(result: ChangeResult): ChangeFailure {
  assert.ok(!result.ok, 'was not refused');
  const [failure] = result.failures;
  assert.ok(failure);
  return failure;
}

/** A row's parameters as its owner reads them. */
export function read(model: DataModel, object: string, caller = mine): Record<string, string> {
  const values = model.read(object, caller);
  assert.ok(values, `${object} is not there`);
  return Object.fromEntries(values);
}
