import type { Port, PromiseName } from '@sluice/model';

/** A way to agree on a global port (Traits.portAgreement). */
export type PortAgreement = 'pick' | 'propose' | 'list-free';

/** How a configuration server behaves. Milliseconds where a name ends in Ms. */
export interface ControlSettings {
  /** Longest wait for one answer of a gateway. */
  readonly exchangeMs: number;
  /** Longest time from a request to its verdict. */
  readonly verdictMs: number;
  /** Lease of the first apply: what cannot be reached to undo it ends by itself. At most 10 s. */
  readonly provisionalLeaseMs: number;
  /** Lease of an open session; renewed at half of it. */
  readonly leaseMs: number;
  /** The same where each renewal costs a running stream packets (Traits.renewalDisturbs). */
  readonly rareLeaseMs: number;
  /** The absolute end of a session, from its request. */
  readonly longestSessionMs: number;
  /** How global ports are agreed on; `communication.portAgreement` of a gateway is heard first. */
  readonly portAgreement: PortAgreement;
  /** Ports that are proposed, both ends inclusive. */
  readonly globalPorts: readonly [least: Port, most: Port];
  /** Proposals, or lists of free ports, before a request is refused. */
  readonly portTries: number;
  /** Most openings at once for one appliance; left out, no limit. */
  readonly openingsPerAppliance?: number;
  /** Most openings at once for one gateway; left out, no limit. */
  readonly openingsPerGateway?: number;
  /** Most openings at once for what asked from one address (IPv6: one /64); left out, no limit. */
  readonly openingsPerAddress?: number;
  /** Most openings at once for what one portal asked; left out, no limit. */
  readonly openingsPerPortal?: number;
  /** The promises that an opening may lack where its gateway cannot keep them; the others are refused (`cannot-hold`). */
  readonly weaker: readonly PromiseName[];
  /** How long a session that ended is remembered, from its request. */
  readonly rememberMs: number;
}

/** Settings of a deployment that says nothing. */
export const defaultSettings: ControlSettings = {
  exchangeMs: 5_000,
  verdictMs: 15_000,
  provisionalLeaseMs: 10_000,
  leaseMs: 120_000,
  rareLeaseMs: 600_000,
  longestSessionMs: 12 * 3_600_000,
  portAgreement: 'pick',
  globalPorts: [16_384, 32_767],
  portTries: 8,
  // Not `remoteAddress`: an opening for anyone. Not `lease`: one that stays when nobody is left to close it.
  weaker: ['remotePort', 'streamType', 'revokeStopsRunning', 'narrowingOverRestart', 'symmetricSource'],
  rememberMs: 14 * 86_400_000,
};

/** Defaults with what is named in `given`; throws RangeError on settings that break a promise. */
export function completeSettings(given: Partial<ControlSettings> = {}): ControlSettings {
  const settings = { ...defaultSettings, ...given };
  if (settings.provisionalLeaseMs > 10_000) throw new RangeError('a provisional lease is 10 s at most');
  for (const [name, value] of Object.entries(settings))
    if (typeof value === 'number' && !(value > 0)) throw new RangeError(`${name} must be greater than 0`);
  const [least, most] = settings.globalPorts;
  if (!(least >= 1 && most <= 65_535 && most - least >= 1)) throw new RangeError('globalPorts is no range of ports');
  return settings;
}
