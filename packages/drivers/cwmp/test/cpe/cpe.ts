import type { Clock } from '@sluice/model';
import type { CwmpAnswer, CwmpCall, ParameterValue } from '@sluice/wire/cwmp';
import { dateTime } from '@sluice/wire/tr181';
import { type Answer, callIn, RawDevice } from '../../../../cwmp-acs/test/raw-device.ts';
import { type Wakeable, wakeable } from '../../../../cwmp-acs/test/wakeable.ts';
import { type DeviceModel, deviceModel, type ModelOptions } from './data-models.ts';
import { fault } from './data-tree.ts';
import {
  checkRows,
  type HeldMapping,
  type HeldRule,
  LeaseKeeper,
  mappingsIn,
  ruleStatus,
  rulesIn,
} from './mappings.ts';
import { type Ambush, type Quirks, rewriter, type Trick } from './quirks.ts';

/** A device to be simulated. */
export interface CpeOptions extends ModelOptions {
  readonly acs: { readonly host?: string; readonly port: number };
  readonly identity: { readonly oui: string; readonly serialNumber: string };
  readonly login: { readonly username: string; readonly password: string };
  /** What wakes it; left out, nothing does. */
  readonly connectionRequest?: { readonly username: string; readonly password: string };
  readonly clock: Clock;
  readonly quirks?: Quirks;
  /** Where it takes connection requests; a free port of loopback where left out. */
  readonly listen?: { readonly host: string; readonly port: number };
  /** Puts its mappings and rules into effect; awaited before the device answers. */
  readonly onMappings?: (mappings: readonly HeldMapping[], rules: readonly HeldRule[]) => Promise<void>;
  /** After a session that broke it begins another at once, as devices do after some seconds. Default true. */
  readonly retries?: boolean;
}

/** A CPE (TR-069): a data model, real HTTP to its ACS, a port for connection requests, and the ways of real devices. */
export class Cpe implements AsyncDisposable {
  readonly options: CpeOptions;
  readonly model: DeviceModel;
  readonly quirks: Quirks;
  /** Calls that it was asked, in order. */
  readonly calls: CwmpCall[] = [];
  readonly ambushes: Ambush[] = [];
  /** Sessions that it began. */
  sessions = 0;
  /** When each call reached it, and when its answer was with the kernel; by performance.now(), in order. */
  readonly exchanges: { readonly name: CwmpCall['name']; readonly askedAt: number; readonly answeredAt: number }[] = [];
  isOn = true;
  #port: Wakeable | undefined;
  #talking: Promise<void> | undefined;
  #device: RawDevice | undefined;
  #last: { readonly answer: CwmpAnswer; readonly id: string } | undefined;
  readonly #leases: LeaseKeeper;

  constructor(options: CpeOptions) {
    this.options = options;
    this.quirks = options.quirks ?? {};
    this.model = deviceModel(options);
    const { tree } = this.model;
    tree.reusesInstances = this.quirks.reusesInstances ?? false;
    tree.check = (changes) => checkRows(changes, this.model, options, this.quirks);
    const { clockAheadMs } = this.quirks;
    const ahead = clockAheadMs === 'unknown' ? 0 : clockAheadMs;
    this.#leases = new LeaseKeeper(this.model, options.clock, () => void this.#changed(), ahead);
  }

  /** Opens its port for connection requests and begins its first session. Resolves when that is over. */
  async start(): Promise<void> {
    const { connectionRequest, listen } = this.options;
    if (connectionRequest) {
      const { connectionRequest: way } = this.quirks;
      this.#port = await wakeable({
        ...(way !== 'without-digest' && { login: connectionRequest }),
        hangsUp: way === 'hangs-up',
        isBusy: () => !this.isOn,
        onWake: () => void this.inform('6 CONNECTION REQUEST'),
        ...(listen && { at: listen }),
      });
      this.model.tree.write(`${this.model.root}ManagementServer.ConnectionRequestURL`, this.#port.url);
    }
    await this.inform(this.quirks.firstEvent ?? '1 BOOT');
  }

  /** Begins a session, after the one that is under way. Resolves when it is over. */
  inform(...events: readonly string[]): Promise<void> {
    const before = this.#talking ?? Promise.resolve();
    const talking = before.then(() => this.#session(events));
    this.#talking = talking;
    return talking;
  }

  /** What its rows let in. */
  get mappings(): readonly HeldMapping[] {
    return mappingsIn(this.model);
  }

  /** What its rules drop. */
  get rules(): readonly HeldRule[] {
    return rulesIn(this.model);
  }

  /** Somebody else adds a mapping; the path of its row. */
  addForeign(values: Readonly<Record<string, string>>, table = this.model.mappings): string {
    const path = `${table}${this.model.tree.add(table)}.`;
    for (const [name, value] of Object.entries(values)) this.model.tree.write(`${path}${name}`, value);
    void this.#changed();
    return path;
  }

  /** Starts anew: mappings that have a lease are gone, with `reset` everything; its first session says so. */
  async restart(reset = false): Promise<void> {
    this.isOn = false;
    this.#device?.hangUp();
    await this.#talking;
    this.isOn = true;
    const { tree, mappings, pinholes, rules, root } = this.model;
    for (const table of [mappings, ...(pinholes === undefined ? [] : [pinholes])])
      for (const row of tree.rows(table)) if (reset || this.#leases.has(row)) tree.remove(row);
    if (reset && rules !== undefined) for (const row of tree.rows(rules)) tree.remove(row);
    if (reset) tree.write(`${root}ManagementServer.ParameterKey`, '');
    await this.#changed();
    await this.inform(...(reset ? ['0 BOOTSTRAP', '1 BOOT'] : ['1 BOOT']));
  }

  /** One thing that happens to the next call that `on` is about. */
  ambush(on: CwmpCall['name'] | ((call: CwmpCall) => boolean), trick: Trick | (() => Trick)): void {
    this.ambushes.push({
      on: typeof on === 'string' ? ({ name }) => name === on : on,
      trick: typeof trick === 'function' ? trick : () => trick,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isOn = false;
    this.#leases.stop();
    this.#device?.hangUp();
    await this.#talking;
    this.#device?.hangUp();
    await this.#port?.[Symbol.asyncDispose]();
  }

  async #session(events: readonly string[], retry = 0): Promise<void> {
    if (!this.isOn) return;
    const { acs, identity, login, retries = true } = this.options;
    const { returnsCookie = true, connectsAnew = false } = this.quirks;
    const rewrite = rewriter(this.quirks);
    const told = { identity, login, returnsCookie, connectsAnew, currentTime: () => this.#time() };
    const device = new RawDevice({ ...acs, ...told, ...(rewrite && { rewrite }) });
    this.#device = device;
    this.#last = undefined;
    this.sessions++;
    let isBroken = false;
    try {
      let answer = await device.inform(events, this.#told());
      if (answer.status !== 200) return;
      answer = await device.say();
      while (answer.status === 200) answer = await this.#reply(device, answer);
      isBroken = answer.status !== 204;
    } catch {
      // The connection broke, or the device has no power.
      isBroken = true;
    } finally {
      device.hangUp();
    }
    if (isBroken && retries && retry < 4) await this.#session(events, retry + 1);
  }

  async #reply(device: RawDevice, asked: Answer): Promise<Answer> {
    const askedAt = performance.now();
    const { call, id } = callIn(asked);
    this.calls.push(call);
    const at = this.ambushes.findIndex(({ on }) => on(call));
    const trick = at < 0 ? undefined : this.ambushes.splice(at, 1)[0]?.trick();
    const lost = (): never => {
      device.hangUp();
      throw new Error('the connection is gone');
    };
    if (trick?.kind === 'lose-request') lost();
    if (trick?.kind === 'power-off') {
      if (trick.done) await this.answer(call);
      this.isOn = false;
      lost();
    }
    if (trick?.kind === 'say') return device.post(trick.body, { cookie: device.cookie ?? '' });
    if (trick?.kind === 'late') await trick.until;
    const before = this.#last;
    const answer =
      trick?.kind === 'lie' ? trick.answer : trick?.kind === 'fault' ? trick.fault : await this.answer(call);
    if (trick?.kind === 'lose-answer') lost();
    this.#last = { answer, id };
    if (trick?.kind === 'answer-before' && before) return device.say(before.answer, before.id);
    device.onPosted = () => {
      this.exchanges.push({ name: call.name, askedAt, answeredAt: performance.now() });
    };
    const next = device.say(answer, id);
    if (trick?.kind !== 'twice') return next;
    await next;
    return device.say(answer, id);
  }

  /** Does what a call asks. */
  async answer(call: CwmpCall): Promise<CwmpAnswer> {
    const { tree, root } = this.model;
    const key = `${root}ManagementServer.ParameterKey`;
    switch (call.name) {
      case 'GetRPCMethods':
        return { name: 'GetRPCMethodsResponse', methods: ['GetParameterValues', 'SetParameterValues', 'AddObject'] };
      case 'GetParameterNames':
        return tree.names(call.path, call.nextLevel);
      case 'GetParameterValues':
        this.#leases.refresh();
        if (this.quirks.noPartialPaths && call.names.some((name) => name.endsWith('.')))
          return this.#short(fault(9005, 'no such parameter'));
        return this.#short(tree.get(call.names));
      case 'SetParameterAttributes':
        return { name: 'SetParameterAttributesResponse' };
      case 'AddObject': {
        if (this.quirks.rules === 'read-only' && call.objectName === this.model.rules)
          return this.#short(fault(9008, 'nobody adds rules'));
        const instanceNumber = tree.add(call.objectName);
        if (instanceNumber === undefined) return this.#short(fault(9005, 'no such table'));
        tree.write(key, call.parameterKey);
        await this.#changed();
        return { name: 'AddObjectResponse', instanceNumber, status: 0 };
      }
      case 'DeleteObject':
        if (!tree.remove(call.objectName)) return this.#short(fault(9005, 'no such row'));
        tree.write(key, call.parameterKey);
        await this.#changed();
        return { name: 'DeleteObjectResponse', status: 0 };
      case 'SetParameterValues': {
        const refused = tree.set(this.#taken(call.values));
        if (refused) return this.#short(refused);
        tree.write(key, call.parameterKey);
        this.#leases.set(call.values);
        await this.#changed();
        return { name: 'SetParameterValuesResponse', status: 0 };
      }
    }
  }

  /** What a device that ignores something makes of values. */
  #taken(values: readonly ParameterValue[]): readonly ParameterValue[] {
    const { remoteHost, lease, rules, descriptionLength } = this.quirks;
    return values.map((each) => {
      if (remoteHost === 'ignores' && each.name.endsWith('.RemoteHost')) return { ...each, value: '' };
      if (rules === 'ignores' && each.name.endsWith('.SourcePortExclude')) return { ...each, value: '0' };
      if (lease === 'ignores' && each.name.endsWith('LeaseDuration')) return { ...each, value: '0' };
      if (descriptionLength !== undefined && each.name.endsWith('Description'))
        return { ...each, value: each.value.slice(0, descriptionLength) };
      return each;
    });
  }

  #short(answer: CwmpAnswer): CwmpAnswer {
    return answer.name === 'Fault' && this.quirks.saysLittle ? { ...answer, parameters: [] } : answer;
  }

  #time(): string {
    const { clockAheadMs = 0 } = this.quirks;
    if (clockAheadMs === 'unknown') return '0001-01-01T00:05:00Z';
    return dateTime(this.options.clock.now() + clockAheadMs);
  }

  #told(): Record<string, string> {
    const { tree, told } = this.model;
    return Object.fromEntries(told.map((name) => [name, tree.value(name) ?? '']));
  }

  /** Status follows what is enabled, the count what is there; then it is put into effect. */
  async #changed(): Promise<void> {
    const { tree, mappings, pinholes, rules, count } = this.model;
    for (const table of [mappings, ...(pinholes === undefined ? [] : [pinholes])])
      for (const row of tree.rows(table))
        tree.write(`${row}Status`, tree.value(`${row}Enable`) === '1' ? 'Enabled' : 'Disabled');
    for (const row of rules === undefined ? [] : tree.rows(rules))
      tree.write(`${row}Status`, ruleStatus(this.model, row));
    if (!this.quirks.fixedCount) tree.write(count, String(tree.rows(mappings).length));
    await this.options.onMappings?.(this.mappings, this.rules);
  }
}
