/** How a gateway says what it is. */
export interface DeviceIdentity {
  /** Of its HTTP or SSDP answers: "Debian/12 UPnP/1.1 MiniUPnPd/2.3.1". */
  readonly server: string;
  readonly manufacturer: string;
  readonly modelName: string;
  readonly modelNumber: string;
}

/** What a gateway does otherwise than the standard, as far as it cannot be seen from its answers. */
export interface Quirks {
  /** Filters by RemoteHost, and shows every mapping without one. */
  readonly hidesRemoteHost?: true;
  /** Calls the same mapping with RemoteHost, asked for again, a conflict: it is renewed by making it anew. */
  readonly conflictsWithItself?: true;
  /**
   * UpdatePinhole widens a pinhole; AddPinhole for one that is there makes another, or a lease of decades. So they are
   * renewed by making them anew, and closed by their number alone.
   */
  readonly mixesUpPinholes?: true;
  /** Mappings end only when they are deleted, whatever lease is asked for. */
  readonly keepsNoLease?: true;
}

/** One deviation, of the devices that every given pattern fits. */
export interface QuirkEntry {
  readonly of: Partial<Readonly<Record<keyof DeviceIdentity, RegExp>>>;
  readonly quirks: Quirks;
  /** Where it was seen. */
  readonly seen: string;
}

/** Every deviation that is known. One more is one entry more. What an error code tells needs none. */
export const quirkTable: readonly QuirkEntry[] = [
  {
    of: { server: /\bRouterOS\// },
    quirks: { keepsNoLease: true },
    seen: 'reported of 6.34 to 7.23, error 725: github.com/benoitc/erlang-nat/issues/14, tailscale/tailscale/pull/20781',
  },
  {
    of: { server: /\bMiniUPnPd\/2\./ },
    quirks: { hidesRemoteHost: true, conflictsWithItself: true },
    seen: 'lab, 2.3.1 with nftables: GetGenericPortMappingEntry and GetListOfPortMappings show no RemoteHost, the rule has it; so AddPortMapping again is error 718; a restart with a lease file loses it',
  },
  {
    of: { server: /\bMiniUPnPd\/2\.(?:[0-2]\.|3\.[0-5]\b)/ },
    quirks: { mixesUpPinholes: true },
    seen: 'lab, 2.3.1 with nftables: after UpdatePinhole any port of the server may send; AddPinhole again makes a second one. Its sources: a lease of 55 years before 2.3.3; right from 2.3.6',
  },
];

/** What is known of a device. */
export function quirksOf(device: DeviceIdentity, table: readonly QuirkEntry[] = quirkTable): Quirks {
  const fits = ({ of }: QuirkEntry) =>
    Object.entries(of).every(([name, pattern]) => pattern.test(device[name as keyof DeviceIdentity]));
  return Object.assign({}, ...table.filter(fits).map(({ quirks }) => quirks)) as Quirks;
}
