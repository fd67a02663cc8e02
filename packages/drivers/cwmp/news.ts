import type { DeviceBook } from './device-book.ts';
import type { DeviceContact } from './port.ts';
import { ipv4In } from './tree.ts';

/** Why a device is to be looked at. */
export interface LookReason {
  readonly why: string;
  /** It is another than before; otherwise its session is a chance to look. */
  readonly isNews: boolean;
}

/**
 * Why what a device holds is to be looked at, now that it began a session; undefined where it need not be. What is known
 * of a device that started, or has another address, is forgotten. `isExpected`: it was woken for something else, which
 * looks by itself.
 */
export function reasonToLook(
  gatewayId: string,
  contact: DeviceContact & { readonly events: readonly string[] },
  book: DeviceBook,
  { hasOpenings, isExpected }: { readonly hasOpenings: boolean; readonly isExpected: boolean },
): LookReason | undefined {
  const known = book.of(gatewayId);
  const has = (code: string) => contact.events.some((event) => event.startsWith(code));
  // TR-069 3.7.1.5: after 0 nothing that was set is there; after 1, what has a lease is not.
  const started = has('0 ') ? 'it was reset' : has('1 ') ? 'it started' : undefined;
  const moved = hasMoved(contact, book, gatewayId) ? 'it has another address' : undefined;
  if (started ?? moved) {
    book.forget(gatewayId);
    return { why: started ?? moved ?? '', isNews: true };
  }
  if (isExpected) return undefined;
  if (!known.place) return { why: 'its first session', isNews: true };
  if (known.doubts.any) return { why: 'something was left half done', isNews: false };
  return hasOpenings ? { why: 'it holds openings', isNews: false } : undefined;
}

/** An Inform names the address of the connection in use (TR-069 3.7.1.5, forced parameters). */
function hasMoved({ parameters }: DeviceContact, book: DeviceBook, gatewayId: string): boolean {
  const { place } = book.of(gatewayId);
  if (!place) return false;
  const { path, interface: reference } = place.mappings;
  const at =
    reference === undefined ? path.replace(/PortMapping\.$/, 'ExternalIPAddress') : `${reference}.IPv4Address.`;
  const told = [...parameters].filter(([name]) => (reference === undefined ? name === at : name.startsWith(at)));
  const addresses = told.flatMap(([, value]) => ipv4In(value) ?? []);
  return addresses.length > 0 && !addresses.includes(place.external);
}
