import type { Traits } from '@sluice/model';
import { narrowingNeeds } from '@sluice/wire/tr181';
import { pinholeTable, portMappingTable } from '@sluice/wire/usp';

/** Rules of the firewall's chains (TR-181 Device.Firewall.Chain.{i}.Rule.). */
export const ruleTable = 'Device.Firewall.Chain.{i}.Rule.';

/** What an agent's data model can say of openings, out of its GetSupportedDM. */
export interface Capabilities {
  /** How a row is found again: its Alias, or where the model has none, its Description. */
  readonly identity: 'Alias' | 'Description';
  /** Parameters of a port mapping that it knows. */
  readonly mapping: ReadonlySet<string>;
  /** Of a pinhole; empty where it has none, and with it no IPv6. */
  readonly pinhole: ReadonlySet<string>;
  /** Of a rule that can drop what comes from another port than the server's; empty where none can. */
  readonly rule: ReadonlySet<string>;
}

/** Reads them; undefined where the agent has no port mappings that could be found again. */
export function capabilitiesIn(supported: ReadonlyMap<string, ReadonlySet<string>>): Capabilities | undefined {
  const known = (table: string) => supported.get(`${table}{i}.`) ?? new Set<string>();
  const mapping = known(portMappingTable);
  const pinhole = known(pinholeTable);
  const rule = known(ruleTable);
  const identity = mapping.has('Alias') ? 'Alias' : mapping.has('Description') ? 'Description' : undefined;
  if (identity === undefined || !mapping.has('InternalClient')) return undefined;
  return {
    identity,
    mapping,
    pinhole: pinhole.has(identity) && pinhole.has('SourcePort') ? pinhole : new Set(),
    rule: ['Alias', ...narrowingNeeds].every((name) => rule.has(name)) ? rule : new Set(),
  };
}

/** What a gateway can express that has these. `chain`: whether there is a chain whose rules are ours to make. */
export function traitsOf({ mapping, pinhole, rule }: Capabilities, chain: boolean): Traits {
  const leased = (parameters: ReadonlySet<string>) =>
    parameters.has('LeaseDuration') ? { lease: { leastSeconds: 1, mostSeconds: 604_800 } } : {};
  return {
    families: pinhole.size > 0 ? [4, 6] : [4],
    sourceAddress: mapping.has('RemoteHost'),
    sourcePort: mapping.has('RemoteHost') && rule.size > 0 && chain,
    streamTypes: false,
    ...leased(mapping),
    // One Add with allow_partial=false (TR-369 R-ADD).
    atomic: true,
    ackMeansHeld: false,
    listsWhatItHolds: true,
    // The standard says nothing of running flows, and miniature firewalls let them go on.
    revokeStopsRunning: false,
    keepsNarrowingOverRestart: false,
    symmetricSource: false,
    sharedGlobalPort: mapping.has('RemoteHost'),
    portGroups: false,
    findsDevice: false,
    portAgreement: ['propose', 'pick'],
    ...(pinhole.size > 0 && {
      ipv6: {
        sourceAddress: pinhole.has('SourcePrefixes'),
        sourcePort: true,
        symmetricSource: true,
        ...leased(pinhole),
      },
    }),
  };
}

/** What a usual agent can express; each gateway's own is told by its session. */
export const uspTraits: Traits = traitsOf(
  {
    identity: 'Alias',
    mapping: new Set(['Alias', 'RemoteHost', 'LeaseDuration', 'InternalClient']),
    pinhole: new Set(['Alias', 'SourcePrefixes', 'SourcePort', 'LeaseDuration']),
    rule: new Set(),
  },
  false,
);
