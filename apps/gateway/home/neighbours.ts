import { type IpAddress, isUnicastHost, parseIpAddress } from '@sluice/model';
import { z } from 'zod';

/** A device of the home as the gateway's neighbour tables show it. */
export interface Neighbour {
  /** Lower case, "02:00:00:00:00:02". */
  readonly mac: string;
  readonly interface: string;
  /** Oldest known first. */
  readonly addresses: readonly IpAddress[];
  /** One of its addresses answers, or did not long ago. */
  readonly active: boolean;
}

interface Entry {
  readonly mac: string;
  readonly interface: string;
  readonly active: boolean;
}

const neighbourEntry = z.object({
  dst: z.string(),
  dev: z.string(),
  lladdr: z.string().optional(),
  state: z.array(z.string()).default([]),
});

const monitorLine = /^(Deleted )?(\S+) dev (\S+)(?: lladdr (\S+))?((?: \S+)*)$/;

/** Which device has which addresses: the kernel's neighbour tables (ARP, RFC 826; neighbour discovery, RFC 4861). */
export class Neighbours {
  readonly #interfaces: readonly string[];
  readonly #entries = new Map<IpAddress, Entry>();

  /** `interfaces`: those of the home; others are not looked at. */
  constructor(interfaces: readonly string[]) {
    this.#interfaces = interfaces;
  }

  /** Takes what `ip -json neighbour show` writes in place of what was known. Throws an Error where that is no such thing. */
  load(json: string): void {
    const entries = z.array(z.unknown()).parse(JSON.parse(json || '[]'));
    this.#entries.clear();
    for (const entry of entries) {
      const parsed = neighbourEntry.safeParse(entry).data;
      if (parsed) this.#set(parsed.dst, parsed.dev, parsed.lladdr, parsed.state);
    }
  }

  /** Takes a line of `ip -oneline monitor neigh`; false where it is none. */
  apply(line: string): boolean {
    const found = monitorLine.exec(line.trim());
    if (!found) return false;
    const [, deleted, address = '', device = '', mac, states = ''] = found;
    this.#set(address, device, deleted ? undefined : mac, states.trim().split(' '));
    return true;
  }

  /** The hardware address under an address, lower case; undefined where it is not known. */
  deviceOf(address: IpAddress): string | undefined {
    return this.#entries.get(address)?.mac;
  }

  /** Every device, in the order they became known. */
  devices(): Neighbour[] {
    const devices = new Map<string, { mac: string; interface: string; addresses: IpAddress[]; active: boolean }>();
    for (const [address, entry] of this.#entries) {
      const device = devices.get(entry.mac) ?? { ...entry, addresses: [], active: false };
      device.addresses.push(address);
      device.active ||= entry.active;
      devices.set(entry.mac, device);
    }
    return [...devices.values()];
  }

  #set(text: string, device: string, mac: string | undefined, states: readonly string[]): void {
    const address = parseIpAddress(text);
    if (!address || !this.#interfaces.includes(device) || !isUnicastHost(address)) return;
    // One that does not answer has no hardware address any more.
    if (mac === undefined) this.#entries.delete(address);
    else
      this.#entries.set(address, {
        mac: mac.toLowerCase(),
        interface: device,
        active: !states.some((state) => state === 'FAILED' || state === 'INCOMPLETE'),
      });
  }
}
