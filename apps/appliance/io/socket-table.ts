import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { type Endpoint, formatAddress, type IpAddress, type Port } from '@sluice/model';

/** One socket of this device, as its kernel lists it (proc_pid_net(5)). */
export interface DeviceSocket {
  readonly transport: 'tcp' | 'udp';
  /** `0.0.0.0` and `::` stand for every address of theirs. */
  readonly local: { readonly address: IpAddress; readonly port: Port | 0 };
  readonly remote: { readonly address: IpAddress; readonly port: Port | 0 };
  readonly state: 'established' | 'listening' | 'bound' | 'other';
  /** The user whose program it is; 65534 where that user has no number in this process's user namespace. */
  readonly uid: number;
}

const files = [
  ['tcp', 'tcp'],
  ['tcp6', 'tcp'],
  ['udp', 'udp'],
  ['udp6', 'udp'],
] as const;

/** Every TCP and UDP socket of this device now. A protocol that the kernel does not have has none. */
export function deviceSockets(directory = '/proc/self/net'): readonly DeviceSocket[] {
  return files.flatMap(([file, transport]) => {
    try {
      return readSocketTable(readFileSync(`${directory}/${file}`, 'latin1'), transport);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  });
}

/** The sockets of one table. Words of addresses are in this machine's order; an IPv4 address that IPv6 stands for is IPv4. */
export function readSocketTable(text: string, transport: 'tcp' | 'udp', order = endianness()): DeviceSocket[] {
  return text.split('\n').flatMap((line) => {
    const match =
      /^\s*\d+: ([0-9A-F]{8,32}):([0-9A-F]{4}) ([0-9A-F]{8,32}):([0-9A-F]{4}) ([0-9A-F]{2}) \S+ \S+ \S+ +(\d+) /.exec(
        line,
      );
    if (!match) return [];
    const [, localAddress = '', localPort = '', remoteAddress = '', remotePort = '', state = '', uid = ''] = match;
    return {
      transport,
      local: { address: addressOf(localAddress, order), port: Number.parseInt(localPort, 16) },
      remote: { address: addressOf(remoteAddress, order), port: Number.parseInt(remotePort, 16) },
      state: stateOf(transport, state),
      uid: Number(uid),
    };
  });
}

/** Whether what is sent to a port at this address of the device comes to that socket. */
export function receivesAt({ local }: DeviceSocket, { address, port }: Endpoint): boolean {
  if (local.port !== port) return false;
  // `::` takes IPv4 too, unless its program said otherwise, which the kernel does not list.
  return local.address === address || local.address === '::' || (local.address === '0.0.0.0' && !address.includes(':'));
}

/** Numbers of include/net/tcp_states.h. A UDP socket is connected (1) or not (7). */
function stateOf(transport: 'tcp' | 'udp', state: string): DeviceSocket['state'] {
  if (transport === 'udp') return 'bound';
  if (state === '01') return 'established';
  return state === '0A' ? 'listening' : 'other';
}

function addressOf(hex: string, order: 'LE' | 'BE'): IpAddress {
  const bytes = Buffer.from(hex, 'hex');
  if (order === 'LE') bytes.swap32();
  const isMapped = bytes.length === 16 && bytes.subarray(0, 12).equals(mapped);
  return formatAddress(isMapped ? bytes.subarray(12) : bytes);
}

/** ::ffff:0:0/96 (RFC 4291 2.5.5.2). */
const mapped = Buffer.from('00000000000000000000ffff', 'hex');
