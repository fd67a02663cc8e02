import type { HeldOpening } from '@sluice/kernel';
import { familyOf, type Instant, transportOf } from '@sluice/model';
import { pinholeTable, portMappingTable } from '@sluice/wire/usp';
import { interfaceTable, type Networks } from '../home/networks.ts';
import type { Policy } from '../policy/policy.ts';
import { judgeConsented, judgeController, judgeLocalPort, judgeRemote } from '../policy/verdicts.ts';
import { endlessMs } from './kernel-change.ts';
import { nothingPassed, objectOf, type Row } from './row.ts';
import { readTag } from './tag.ts';
import { nothingWanted } from './wanted.ts';

/** What was found in the kernel at start. */
export interface Found {
  /** Each as its controller knows it, in the order of their instance numbers. */
  readonly rows: readonly Row[];
  /** Openings that no row of ours has made; they end by themselves. */
  readonly unknown: readonly HeldOpening[];
}

/** What rows are made by. */
export interface AdoptingGround {
  readonly policy: Policy;
  readonly networks: Networks;
  readonly translates: boolean;
  readonly now: Instant;
}

/** Makes rows of what the kernel holds. The kernel is the only record: nothing else is read. */
export function adoptHeld(held: readonly HeldOpening[], ground: AdoptingGround): Found {
  const owners = (ground.policy.controllers ?? []).map(({ endpointId }) => endpointId);
  const rows = new Map<string, Row>();
  const unknown: HeldOpening[] = [];
  for (const opening of held) {
    const row = adoptOne(opening, owners, ground);
    if (row && !rows.has(objectOf(row))) rows.set(objectOf(row), row);
    else unknown.push(opening);
  }
  return { rows: [...rows.values()].toSorted((a, b) => a.instance - b.instance), unknown };
}

/** Whether the policy of now would still have it. Addresses of the home are left out: at start they may not be there yet. */
export function stillPermitted({ owner, opening, consent }: Row, policy: Policy, networks: Networks): boolean {
  if (!opening) return true;
  const verdicts = [
    judgeController(policy, owner),
    judgeRemote(policy, networks, opening.remote.address),
    opening.streamType === 'esp' ? undefined : judgeLocalPort(policy, opening.local.port),
    judgeConsented(policy, owner, consent.by),
  ];
  return verdicts.every((verdict) => verdict === undefined);
}

function adoptOne(
  held: HeldOpening,
  owners: readonly string[],
  { networks, translates, now }: AdoptingGround,
): Row | undefined {
  const { remainingMs, packets: _packets, bytes: _bytes, ...opening } = held;
  const tag = readTag(opening.tag, owners);
  if (!tag) return undefined;
  const table = translates && familyOf(opening.local.address) === 4 ? portMappingTable : pinholeTable;
  const at = networks.interfaces.findIndex(({ name, addresses }) =>
    opening.wan === undefined
      ? table === portMappingTable && addresses.some(({ address }) => address === opening.global.address)
      : name === opening.wan,
  );
  const endless = remainingMs > endlessMs / 2;
  return {
    table,
    instance: tag.instance,
    owner: tag.owner,
    wanted: {
      ...nothingWanted,
      alias: tag.alias,
      enable: true,
      interface: !tag.allInterfaces && at >= 0 ? `${interfaceTable}${at + 1}` : '',
      allInterfaces: tag.allInterfaces,
      description: tag.description,
      transport: transportOf(opening.streamType),
      streamType: opening.streamType,
      payloadType: opening.payloadType,
      remoteAddress: opening.remote.address,
      remotePort: opening.remote.port,
      globalPort: table === portMappingTable ? opening.global.port : undefined,
      group: tag.group,
      groupOffset: tag.groupOffset,
      localAddress: opening.local.address,
      localPort: opening.local.port,
      leaseSeconds: endless ? 0 : Math.ceil(remainingMs / 1000),
    },
    opening,
    until: endless ? Number.POSITIVE_INFINITY : now + remainingMs,
    carried: nothingPassed,
    consent: tag.consent,
  };
}
