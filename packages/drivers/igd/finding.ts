import { Unreachable, Untrusted } from '@sluice/driver';
import type { Family, Gateway, IpAddress } from '@sluice/model';
import { buildSsdp, igdType, parseSsdp, ssdpGroups, ssdpPort } from '@sluice/wire/igd';
import { byPreference, type Choice, isBest } from './choosing.ts';
import { type DescribedGateway, describe } from './describing.ts';
import { isLinkLocal, type Link, linkOf, mayName, placeOf } from './place.ts';
import type { IgdDriverPorts } from './ports.ts';

/** A gateway that answered, and how good a choice it is. */
export interface Candidate<Found> {
  readonly gateway: DescribedGateway;
  readonly link: Link;
  readonly bootId: string | undefined;
  readonly choice: Choice;
  readonly found: Found;
}

/** Looks closer at a gateway; a sentence where it does not serve. */
export type Examine<Found> = (
  gateway: DescribedGateway,
  link: Link,
) => Promise<{ readonly choice: Omit<Choice, 'isDefaultRouter'>; readonly found: Found } | string>;

/** Devices spread their answers over one second (MX), and each is asked twice. */
const windowMs = 1_800;
const repeatMs = 600;
/** More that answer are left out. */
const mostCandidates = 8;

/**
 * The gateway of this home for a family: the one that is registered (`communication.location`, `location6`, `uuid`), or
 * the best of those that answer a search. A device may name itself alone; throws `Untrusted` where only such answered
 * that named others, `Unreachable` where none serves.
 */
export async function findGateway<Found>(
  family: Family,
  { communication }: Gateway,
  ports: IgdDriverPorts,
  examine: Examine<Found>,
  signal: AbortSignal,
): Promise<Candidate<Found>> {
  const home = ports.home();
  const link = linkOf(home, family);
  if (!link) throw new Unreachable(`this machine has no IPv${family} network with a gateway`);
  const candidates: Candidate<Found>[] = [];
  const complaints: string[] = [];
  let liars = 0;
  const seen = new Set<string>();

  async function consider(location: string, answeredFrom: IpAddress | undefined, bootId?: string): Promise<boolean> {
    if (seen.has(location) || seen.size >= mostCandidates) return false;
    seen.add(location);
    const place = placeOf(location);
    if (!place || !link || !mayName(place, answeredFrom ?? place.address, link, home)) {
      liars++;
      complaints.push(`${answeredFrom ?? 'the registration'} names ${location}, which is not its own`);
      return false;
    }
    const at = isLinkLocal(place.address) ? { ...place, interface: link.interface } : place;
    const gateway = await describe(location, at, link.from, ports, signal);
    const close = typeof gateway === 'string' ? gateway : await closer(gateway, communication.uuid, link, examine);
    if (typeof close === 'string') {
      complaints.push(`${place.address}: ${close}`);
      return false;
    }
    // The IPv6 route leads to a link-local address, and the description to another one of the same router.
    const isDefaultRouter = [place.address, answeredFrom].includes(link.router);
    const choice = { ...close.choice, isDefaultRouter };
    candidates.push({ ...close, choice, link, bootId });
    return isBest(choice) || (answeredFrom === undefined && choice.connected);
  }

  const registered = family === 4 ? communication.location : communication.location6;
  if (registered !== undefined && (await consider(registered, undefined))) return best(candidates, complaints, liars);
  for await (const { from, bytes } of ports.search({ ...searchOf(link, family, ports), windowMs, repeatMs }, signal)) {
    const message = parseSsdp(bytes);
    if (message?.kind === 'answer' && (await consider(message.location, from, message.bootId))) break;
  }
  signal.throwIfAborted();
  return best(candidates, complaints, liars);
}

async function closer<Found>(gateway: DescribedGateway, uuid: string | undefined, link: Link, examine: Examine<Found>) {
  if (uuid !== undefined && uuid !== gateway.udn) return `it is ${gateway.udn}, and not the gateway that is registered`;
  const examined = await examine(gateway, link);
  return typeof examined === 'string' ? examined : { gateway, ...examined };
}

function best<Found>(candidates: readonly Candidate<Found>[], complaints: readonly string[], liars: number) {
  const [first] = candidates.toSorted((one, other) => byPreference(one.choice, other.choice));
  if (first) return first;
  const why = complaints.length > 0 ? complaints.join('; ') : 'nobody answers a search';
  if (liars > 0 && liars === complaints.length) throw new Untrusted(`no UPnP gateway: ${why}`);
  throw new Unreachable(`no UPnP gateway: ${why}`);
}

/** Questions to the router itself, and to everybody on the link. */
export function searchOf(link: Link, family: Family, { ssdpPort: port = ssdpPort }: IgdDriverPorts) {
  const group = ssdpGroups[family];
  const host = (address: string) => (family === 4 ? `${address}:${ssdpPort}` : `[${address}]:${ssdpPort}`);
  const questions = [1, 2].flatMap((version) => {
    const target = `${igdType.gateway}:${version}`;
    return [link.router, group].map((address) => ({
      to: { address, port },
      // One device alone needs no MX (UPnP Device Architecture 1.1, 1.3.2), and some want it.
      bytes: buildSsdp({ kind: 'search', host: host(address), mostWait: 1, target }),
    }));
  });
  return { interface: link.interface, from: link.from, questions };
}
