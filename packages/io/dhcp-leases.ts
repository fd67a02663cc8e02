import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type DhcpHint, type Instant, isUnicastHost } from '@sluice/model';
import {
  type DhcpOptions,
  type DhcpTold,
  readDhclientLeases,
  readDhcpMessage,
  readKeyValueLease,
  toldIn,
} from '@sluice/wire/dhcp';

/** A file in which a DHCP client may keep the lease of an interface. */
interface LeaseFile {
  readonly path: string;
  readonly keptBy: DhcpHint['keptBy'];
  read(bytes: Buffer): DhcpOptions | undefined;
}

/** Larger files are no leases. */
const mostBytes = 1_048_576;

/**
 * The lease that an interface has, out of the file that its DHCP client wrote last; undefined where none is kept, or none
 * may be read. `root`: where the file system begins.
 */
export async function dhcpLease(interfaceName: string, now: Instant, root = '/'): Promise<DhcpHint | undefined> {
  const found = await Promise.all(
    (await filesOf(interfaceName, now, root)).map(async ({ path, keptBy, read }) => {
      const options = await contentOf(path).then((content) => content && { ...content, options: read(content.bytes) });
      return options?.options ? [{ at: options.at, keptBy, options: options.options }] : [];
    }),
  );
  const [latest] = found.flat().toSorted((one, other) => other.at - one.at);
  return latest && { interface: interfaceName, keptBy: latest.keptBy, ...hostsIn(toldIn(latest.options)) };
}

/** Addresses that are no host's tell nothing. */
function hostsIn({ server, routers, pcpServers, ...others }: DhcpTold): DhcpTold {
  return {
    ...others,
    ...(server !== undefined && isUnicastHost(server) && { server }),
    routers: routers.filter(isUnicastHost),
    pcpServers: pcpServers.filter(isUnicastHost),
  };
}

async function filesOf(name: string, now: Instant, root: string): Promise<readonly LeaseFile[]> {
  const keyValue = (bytes: Buffer) => readKeyValueLease(bytes.toString('latin1'));
  const dhclient = (bytes: Buffer) => readDhclientLeases(bytes.toString('latin1'), name, now);
  const index = (await contentOf(join(root, 'sys/class/net', name, 'ifindex')))?.bytes.toString().trim();
  const inFolder = async (folder: string, isOne: (file: string) => boolean) =>
    (await readdir(join(root, folder)).catch(() => [])).filter(isOne).map((file) => join(root, folder, file));
  const ends = (file: string) => file.endsWith(`-${name}.lease`);
  const networkManager = 'var/lib/NetworkManager';
  const [internal, external, dhclients, redHats, raws] = await Promise.all([
    inFolder(networkManager, (file) => file.startsWith('internal-') && ends(file)),
    inFolder(networkManager, (file) => file.startsWith('dhclient-') && ends(file)),
    inFolder('var/lib/dhcp', (file) => file === 'dhclient.leases' || file === `dhclient.${name}.leases`),
    inFolder('var/lib/dhclient', (file) => file.startsWith('dhclient') && /\.leases?$/.test(file)),
    // In wireless networks its name goes on with the network's.
    inFolder(
      'var/lib/dhcpcd',
      (file) => file === `${name}.lease` || (file.startsWith(`${name}-`) && file.endsWith('.lease')),
    ),
  ]);
  const networkd = index !== undefined && /^\d+$/.test(index) ? [join(root, 'run/systemd/netif/leases', index)] : [];
  const all = (paths: readonly string[], keptBy: DhcpHint['keptBy'], read: LeaseFile['read']): LeaseFile[] =>
    paths.map((path) => ({ path, keptBy, read }));
  return [
    ...all(networkd, 'systemd-networkd', keyValue),
    ...all(internal, 'NetworkManager', keyValue),
    ...all(external, 'NetworkManager', dhclient),
    ...all([...dhclients, ...redHats], 'dhclient', dhclient),
    ...all(raws, 'dhcpcd', readDhcpMessage),
  ];
}

/** A file and when it was written; undefined where it cannot be read, or is too long. */
async function contentOf(path: string): Promise<{ readonly bytes: Buffer; readonly at: Instant } | undefined> {
  try {
    const { size, mtimeMs } = await stat(path);
    return size > mostBytes ? undefined : { bytes: await readFile(path), at: mtimeMs };
  } catch {
    return undefined;
  }
}
