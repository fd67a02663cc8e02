import { counterSeconds, type Element } from './elements.ts';

/** Adds an element; where one with its key is there, the whole transaction fails. */
export function createElement(table: string, { set, key, data, comment, leased }: Element, seconds: number): string {
  const timeout = `timeout ${leased ? seconds : counterSeconds}s`;
  const words = [key, timeout, ...(comment === undefined ? [] : [`comment "${comment}"`])].join(' ');
  return `create element inet ${table} ${set} { ${words}${data === undefined ? '' : ` : ${data}`} }\n`;
}

/** Takes an element away; where it is not there, the whole transaction fails. */
export function deleteElement(table: string, { set, key }: Pick<Element, 'set' | 'key'>): string {
  return `delete element inet ${table} ${set} { ${key} }\n`;
}

/** Lists the whole table: nft 1.0.6 finds nothing where one input lists several sets. */
export function listTable(table: string): string {
  return `list table inet ${table}\n`;
}

/** Fails where the table is not there, or of another version. */
export function lookForVersion(table: string, version: string): string {
  return `list set inet ${table} version_${version}\n`;
}

/** Says which version the table is. */
export function noteVersion(table: string, version: string): string {
  return `add set inet ${table} version_${version} { type mark; }\n`;
}

/** Whether a listing shows that version of the table. */
export function tellsVersion(listing: string, version: string): boolean {
  return listing.includes(`\tset version_${version} {`);
}

/** Lists everything that the machine filters and translates with. */
export const listRuleset = 'list ruleset\n';

/** Lists one chain: `ip filter FORWARD`. */
export function listChain(chain: string): string {
  return `list chain ${chain}\n`;
}
