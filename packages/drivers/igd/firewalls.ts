import { Unreachable, Untrusted } from '@sluice/driver';
import { familyOf, type Gateway } from '@sluice/model';
import { firewallStatusIn, getFirewallStatus } from '@sluice/wire/igd';
import { askService, type ServiceAt } from './asking.ts';
import { readOr } from './connection.ts';
import { type Candidate, type Examine, findGateway } from './finding.ts';
import type { IgdDriverPorts } from './ports.ts';

/** The IPv6 firewall of a home, looked for when it is first needed: most openings are over IPv4. */
export class Firewalls {
  readonly #gateway: Gateway;
  readonly #ports: IgdDriverPorts;
  #found: Candidate<ServiceAt> | undefined;
  #none = false;

  constructor(gateway: Gateway, ports: IgdDriverPorts) {
    this.#gateway = gateway;
    this.#ports = ports;
  }

  /** Whether there is one, or may be. */
  get maybe(): boolean {
    return !this.#none && this.#ports.home().gateways.some(({ address }) => familyOf(address) === 6);
  }

  /** The one that was found. */
  get found(): Candidate<ServiceAt> | undefined {
    return this.#found;
  }

  /** The firewall of the device `udn` where one is named; undefined where none answers. Throws the signal's reason. */
  async find(udn: string | undefined, signal: AbortSignal): Promise<Candidate<ServiceAt> | undefined> {
    if (this.#found || this.#none) return this.#found;
    const named = udn === undefined ? {} : { uuid: udn };
    const gateway = { ...this.#gateway, communication: { ...this.#gateway.communication, ...named } };
    try {
      this.#found = await findGateway(6, gateway, this.#ports, examineFirewall(this.#ports, signal), signal);
    } catch (error) {
      if (!(error instanceof Unreachable || error instanceof Untrusted)) throw error;
      this.#none = true;
    }
    return this.#found;
  }
}

function examineFirewall(ports: IgdDriverPorts, signal: AbortSignal): Examine<ServiceAt> {
  return async ({ firewall }, { from }) => {
    if (!firewall) return 'it has no IPv6 firewall that takes pinholes';
    const reply = await askService(firewall, getFirewallStatus(firewall.type), ports, from, signal);
    const status = readOr(reply, firewallStatusIn);
    // What is off is told when it is asked to open.
    const connected = status === undefined ? reply.kind === 'fault' : true;
    if (reply.kind === 'lost' || reply.kind === 'not-sent') return reply.reason;
    return {
      choice: { connected, externalAddress: undefined, inUse: true, version: firewall.version },
      found: firewall,
    };
  };
}
