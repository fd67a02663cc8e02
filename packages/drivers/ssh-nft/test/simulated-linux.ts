import { Unreachable } from '@sluice/driver';
import type { Clock } from '@sluice/model';
import type { RemoteResult, SshLink } from '../index.ts';
import { remoteCommand } from '../index.ts';

interface Held {
  /** Between the braces, without the time. */
  readonly key: string;
  readonly rest: string;
  readonly until: number;
  packets: number;
  bytes: number;
}

/**
 * A Linux gateway as its one command shows it: nft(8) with named sets, elements with timeouts and transactions, as far
 * as the driver uses them. What a real one does, the lab shows.
 */
export class SimulatedLinux {
  readonly sets = new Map<string, Map<string, Held>>();
  version: string | undefined;
  /** Chains of another firewall's, as nft(8) lists each, without our rule. */
  others = new Map<string, string>();
  /** Those that have our rule. */
  readonly hooked = new Set<string>();
  addresses = [
    '1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever',
    '2: wan0    inet 203.0.113.1/24 brd 203.0.113.255 scope global wan0\\       valid_lft forever',
    '2: wan0    inet6 2001:db8:1::1/64 scope global \\       valid_lft forever preferred_lft forever',
    '2: wan0    inet6 fe80::1/64 scope link \\       valid_lft forever preferred_lft forever',
    '3: lan0    inet 192.168.1.1/24 brd 192.168.1.255 scope global lan0\\       valid_lft forever',
    '3: lan0    inet6 2001:db8:100::1/64 scope global \\       valid_lft forever preferred_lft forever',
  ].join('\n');
  /** What happens at the next transaction. */
  next: 'lose-answer' | 'lose-request' | undefined;
  readonly inputs: string[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  link(): SshLink {
    let closed = false;
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    return {
      ended,
      get closed() {
        return closed;
      },
      run: async (command, input, signal) => {
        if (closed) throw new Unreachable('the connection is closed');
        signal.throwIfAborted();
        if (command !== remoteCommand) return said(1, '', 'not the one command');
        this.inputs.push(input);
        const [what = '', ...lines] = input.split('\n');
        if (what === 'addresses') return said(0, this.addresses);
        const isChange = /^(?:create|delete) element/m.test(input);
        const how = isChange ? this.next : undefined;
        if (isChange) this.next = undefined;
        if (how === 'lose-request') return never(signal);
        const result = this.#nft(lines);
        return how === 'lose-answer' ? never(signal) : result;
      },
      async [Symbol.asyncDispose]() {
        closed = true;
        end();
      },
    };
  }

  /** Packets of the opening at a global port pass. */
  pass(globalPort: number, packets: number, bytes: number): void {
    for (const [name, set] of this.sets) {
      if (!/^in[46]_/.test(name)) continue;
      for (const held of set.values()) {
        if (!held.key.endsWith(` . ${globalPort}`)) continue;
        const counter = this.#set('counted').get(held.rest.replace(/^.*: /, ''));
        if (counter) Object.assign(counter, { packets: counter.packets + packets, bytes: counter.bytes + bytes });
      }
    }
  }

  #set(name: string): Map<string, Held> {
    const set = this.sets.get(name) ?? new Map<string, Held>();
    this.sets.set(name, set);
    for (const [key, { until }] of set) if (until <= this.#clock.now()) set.delete(key);
    return set;
  }

  #nft(lines: readonly string[]): RemoteResult {
    const copy = new Map([...this.sets].map(([name, set]) => [name, new Map(set)]));
    const out: string[] = [];
    for (const [index, line] of lines.entries()) {
      const trouble = this.#line(line, out);
      if (trouble === undefined) continue;
      this.sets.clear();
      for (const [name, set] of copy) this.sets.set(name, set);
      return said(1, '', `/dev/stdin:${index + 1}:1-2: Error: Could not process rule: ${trouble}\n${line}\n^^\n`);
    }
    return said(0, out.join(''));
  }

  #line(line: string, out: string[]): string | undefined {
    const change = /^(create|delete) element inet \S+ (\S+) \{ (.*) \}$/.exec(line);
    if (change) return this.#change(change[1] ?? '', change[2] ?? '', change[3] ?? '');
    const version = /^(list|add) set inet \S+ version_(\S+)/.exec(line);
    if (version?.[1] === 'list') return this.version === version[2] ? undefined : 'No such file or directory';
    if (version) this.version = version[2];
    if (/^delete table/.test(line)) this.sets.clear();
    const hook = /^insert rule (\S+ \S+ \S+) (.*)$/.exec(line);
    if (hook && !this.others.has(hook[1] ?? '')) return 'No such file or directory';
    if (hook) this.hooked.add(hook[1] ?? '');
    const chain = /^list chain (.*)$/.exec(line)?.[1];
    if (chain !== undefined && !this.others.has(chain)) return 'No such file or directory';
    if (chain !== undefined) out.push(this.#chain(chain));
    if (line === 'list ruleset') out.push(this.#ruleset());
    if (/^list table inet \S+$/.test(line)) out.push(`table inet sluice {\n${this.#list()}}\n`);
    return undefined;
  }

  #ruleset(): string {
    const mark = this.version === undefined ? '' : `\tset version_${this.version} {\n\t\ttype mark\n\t}\n`;
    return `table inet sluice {\n${mark}${this.#list()}}\n${[...this.others.keys()].map((name) => this.#chain(name)).join('')}`;
  }

  #chain(name: string): string {
    const text = this.others.get(name) ?? '';
    const rule = 'meta mark & 0x80000000 counter packets 0 bytes 0 accept comment "sluice: what its openings let pass"';
    return this.hooked.has(name) ? text.replace(/^(\t\ttype .*\n)/m, `$1\t\t${rule}\n`) : text;
  }

  #list(): string {
    const maps = [...this.sets.keys()].map((name) => {
      const elements = [...this.#set(name).values()].map(({ key, rest, until, packets, bytes }) => {
        const counter = name === 'counted' ? ` counter packets ${packets} bytes ${bytes}` : '';
        return `${key}${counter} timeout 1m expires ${Math.max(0, until - this.#clock.now())}ms${rest}`;
      });
      const body = elements.length > 0 ? `\t\telements = { ${elements.join(',\n\t\t\t     ')} }\n` : '';
      return `\tmap ${name} {\n\t\ttype mark : mark\n\t\tflags timeout\n${body}\t}\n\n`;
    });
    return maps.join('');
  }

  #change(what: string, name: string, text: string): string | undefined {
    const set = this.#set(name);
    const [, key = '', seconds = '0', rest = ''] = /^(.*?)(?: timeout (\d+)s(.*))?$/.exec(text) ?? [];
    if (what === 'delete') return set.delete(key) ? undefined : 'No such file or directory';
    if (set.has(key)) return 'File exists';
    set.set(key, { key, rest, until: this.#clock.now() + Number(seconds) * 1_000, packets: 0, bytes: 0 });
    return undefined;
  }
}

function said(status: number, stdout: string, stderr = ''): RemoteResult {
  return { status, stdout, stderr };
}

function never(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
}
