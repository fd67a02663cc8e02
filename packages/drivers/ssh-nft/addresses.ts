import { familyOf, type GatewayAddresses, type IpAddress, type Prefix, parseIpAddress } from '@sluice/model';

/** Which interfaces lead out and which into the home, and where the gateway itself is reached from outside. */
export interface GatewayInterfaces {
  readonly wan: readonly string[];
  readonly lan: readonly string[];
  /** TCP ports: its sshd's. */
  readonly listening: readonly number[];
}

/** Reads `ip -o address show`: one line an address. Lines of other interfaces, and what cannot be read, are passed over. */
export function readAddresses(text: string, { wan, lan }: Pick<GatewayInterfaces, 'wan' | 'lan'>): GatewayAddresses {
  const global: IpAddress[] = [];
  const own: IpAddress[] = [];
  const local: Prefix[] = [];
  for (const line of text.split('\n')) {
    const match = /^\d+:\s+(\S+)\s+inet6?\s+(\S+?)\/(\d+)\s(.*)$/.exec(line);
    const address = parseIpAddress(match?.[2] ?? '');
    const [name, length] = [match?.[1] ?? '', Number(match?.[3])];
    if (address === undefined || !/\bscope global\b/.test(match?.[4] ?? '') || / (?:deprecated|tentative)\b/.test(line))
      continue;
    if (wan.includes(name)) global.push(address);
    if (!lan.includes(name)) continue;
    own.push(address);
    local.push({ address, length });
  }
  return { global, local, own };
}

/** The address that openings of one IP version lead to; undefined where there is none now. */
export function globalAddress({ global }: GatewayAddresses, family: 4 | 6): IpAddress | undefined {
  return global.find((address) => familyOf(address) === family);
}
