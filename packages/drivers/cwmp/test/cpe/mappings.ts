import { type Cancel, type Clock, parsePrefix, prefixContains } from '@sluice/model';
import type { CwmpFault, ParameterValue } from '@sluice/wire/cwmp';
import type { DeviceModel, ModelOptions } from './data-models.ts';
import type { Quirks } from './quirks.ts';

/** A row in effect. */
export interface HeldMapping {
  readonly path: string;
  readonly transport: 'tcp' | 'udp';
  /** "" for anyone. */
  readonly source: string;
  /** Of a pinhole; 0 for any. */
  readonly sourcePort: number;
  readonly globalPort: number;
  readonly client: string;
  readonly clientPort: number;
  readonly description: string;
  readonly family: 4 | 6;
}

/** The rows that are enabled and complete. */
export function mappingsIn({ tree, mappings, pinholes }: DeviceModel): readonly HeldMapping[] {
  const found: HeldMapping[] = [];
  for (const path of tree.rows(mappings)) {
    const of = (...names: string[]) => names.map((name) => tree.value(`${path}${name}`)).find(Boolean) ?? '';
    if (of('PortMappingEnabled', 'Enable') !== '1') continue;
    found.push({
      path,
      family: 4,
      transport: of('PortMappingProtocol', 'Protocol') === 'TCP' ? 'tcp' : 'udp',
      source: of('RemoteHost'),
      sourcePort: 0,
      globalPort: Number(of('ExternalPort')),
      client: of('InternalClient'),
      clientPort: Number(of('InternalPort')),
      description: of('PortMappingDescription', 'Description'),
    });
  }
  for (const path of pinholes === undefined ? [] : tree.rows(pinholes)) {
    const of = (name: string) => tree.value(`${path}${name}`) ?? '';
    if (of('Enable') !== '1') continue;
    found.push({
      path,
      family: 6,
      transport: of('Protocol') === '6' ? 'tcp' : 'udp',
      source: of('SourcePrefixes').replace('/128', ''),
      sourcePort: Math.max(0, Number(of('SourcePort'))),
      globalPort: Number(of('DestPort')),
      client: of('DestIP'),
      clientPort: Number(of('DestPort')),
      description: of('Description'),
    });
  }
  return found;
}

/** A rule in effect: it drops what a host sends to a device from any port but one. */
export interface HeldRule {
  readonly path: string;
  readonly description: string;
  readonly transport: 'tcp' | 'udp';
  readonly source: string;
  readonly sourcePort: number;
  readonly client: string;
  readonly clientPort: number;
}

/** The rules that are enabled and complete. */
export function rulesIn({ tree, rules }: DeviceModel): readonly HeldRule[] {
  if (rules === undefined) return [];
  return tree.rows(rules).flatMap((path) => {
    const of = (name: string) => tree.value(`${path}${name}`) ?? '';
    const isOne = of('Target') === 'Drop' && of('SourcePortExclude') === '1' && of('Status') === 'Enabled';
    if (!isOne) return [];
    return [
      {
        path,
        description: of('Description'),
        transport: of('Protocol') === '6' ? ('tcp' as const) : ('udp' as const),
        source: of('SourceIP'),
        sourcePort: Number(of('SourcePort')),
        client: of('DestIP'),
        clientPort: Number(of('DestPort')),
      },
    ];
  });
}

/** A rule without interfaces is misconfigured (TR-181 Device.Firewall.Chain.{i}.Rule.{i}.Status). */
export function ruleStatus({ tree }: DeviceModel, path: string): string {
  if (tree.value(`${path}Enable`) !== '1') return 'Disabled';
  const whole = ['SourceAllInterfaces', 'DestAllInterfaces'].every((name) => tree.value(`${path}${name}`) !== '0');
  return whole ? 'Enabled' : 'Error_Misconfigured';
}

/** What a device checks of the rows that are changed: their uniqueness, where they lead, and what it does not take. */
export function checkRows(
  changes: readonly ParameterValue[],
  { tree, mappings }: DeviceModel,
  { lan }: ModelOptions,
  { remoteHost, lease, rules }: Quirks,
): CwmpFault['parameters'] {
  const home = parsePrefix(`${lan.address.replace(/\d+$/, '0')}/24`);
  const wrong: { name: string; code: number; message: string }[] = [];
  const no = (name: string, message: string, code = 9007) => wrong.push({ name, code, message });
  const after = new Map(changes.map(({ name, value }) => [name, value]));
  for (const { name, value } of changes) {
    if (remoteHost === 'refuses' && /\.RemoteHost$/.test(name) && value !== '') no(name, 'only ""');
    if (rules === 'refuses' && /\.SourcePortExclude$/.test(name) && value === '1') no(name, 'only 0');
    if (lease === 'refuses' && /LeaseDuration$/.test(name) && value !== '0') no(name, 'only 0');
    if (/\.InternalClient$/.test(name) && !(home && prefixContains(home, value))) no(name, 'not in the home');
  }
  const keys = new Map<string, string>();
  for (const path of tree.rows(mappings)) {
    const of = (name: string) => after.get(`${path}${name}`) ?? tree.value(`${path}${name}`) ?? '';
    if (of('ExternalPort') === '0') continue;
    const key = [of('RemoteHost'), of('ExternalPort'), of('PortMappingProtocol') || of('Protocol')].join(' ');
    if (keys.has(key)) no(`${path}ExternalPort`, 'taken', 9003);
    keys.set(key, path);
  }
  return wrong;
}

/** Counts leases down; a row whose lease is over is gone, and a rule whose date has come. */
export class LeaseKeeper {
  readonly #model: DeviceModel;
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #now: () => number;
  readonly #ends = new Map<string, { readonly name?: string; readonly at: number; readonly cancel: Cancel }>();

  /** `aheadMs`: how far the device's clock is ahead. */
  constructor(model: DeviceModel, clock: Clock, changed: () => void, aheadMs = 0) {
    this.#model = model;
    this.#clock = clock;
    this.#changed = changed;
    this.#now = () => clock.now() + aheadMs;
  }

  has(row: string): boolean {
    return this.#ends.has(row);
  }

  /** Takes up the leases among values that were set. */
  set(values: readonly ParameterValue[]): void {
    for (const { name } of values) {
      if (!/(?:LeaseDuration|\.ExpiryDate)$/.test(name)) continue;
      const row = name.slice(0, name.lastIndexOf('.') + 1);
      const value = this.#model.tree.value(name) ?? '0';
      const isDate = name.endsWith('ExpiryDate');
      const ms = isDate ? Date.parse(value) - this.#now() : Number(value) * 1_000;
      this.#ends.get(row)?.cancel();
      this.#ends.delete(row);
      // What never ends is no date.
      if (isDate ? ms > 2 ** 31 : !(ms > 0)) continue;
      const cancel = this.#clock.after(Math.max(0, ms), () => {
        this.#ends.delete(row);
        this.#model.tree.remove(row);
        this.#changed();
      });
      this.#ends.set(row, { ...(!isDate && { name }), at: this.#clock.now() + ms, cancel });
    }
  }

  /** Counts nothing any more. */
  stop(): void {
    for (const { cancel } of this.#ends.values()) cancel();
  }

  /** What is left of each lease, as it is read. */
  refresh(): void {
    for (const { name, at } of this.#ends.values())
      if (name !== undefined)
        this.#model.tree.write(name, String(Math.max(0, Math.ceil((at - this.#clock.now()) / 1_000))));
  }
}
