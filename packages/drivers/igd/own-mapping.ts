import type { GrantedOpening, Opening } from '@sluice/model';
import type { PortMapping } from '@sluice/wire/igd';

// No ":", which ends a field in the files of some, no space, and ASCII.
const mark = 'sluice-';

/** A description that is cut to fewer characters than this says nothing of whose it is. */
const leastCharacters = 24;

/** What is written beside a mapping, so that it can be known again: whose it is and its opening's id. */
export function descriptionOf({ id }: Pick<Opening, 'id'>): string {
  return `${mark}${id}`;
}

/** Whether a description is the one of an opening, be it cut short by the gateway. */
export function describes(description: string, opening: Pick<Opening, 'id'>): boolean {
  const whole = descriptionOf(opening);
  return description === whole || (description.length >= leastCharacters && whole.startsWith(description));
}

/** The id of an opening of ours; undefined for mappings that others made. `believed` helps where it was cut short. */
export function openingIdIn(description: string, believed: readonly Pick<Opening, 'id'>[]): string | undefined {
  const known = believed.find((opening) => describes(description, opening));
  if (known) return known.id;
  const id = description.startsWith(mark) ? description.slice(mark.length) : '';
  return /^[A-Za-z][A-Za-z0-9-]{0,62}$/.test(id) ? id : undefined;
}

/** Whether a mapping at a gateway is an opening of ours, wherever it came from and whoever may send. */
export function isMappingOf(
  mapping: PortMapping,
  opening: GrantedOpening | (Opening & { local: { address: string } }),
): boolean {
  return describes(mapping.description, opening) && leadsTo(mapping, opening);
}

/** Whether a mapping leads to the device and port of an opening. */
export function leadsTo({ internalClient, internalPort }: PortMapping, { local }: Opening): boolean {
  return internalClient === local.address && internalPort === local.port;
}
