import { addressBytes, type Clock, type IpAddress } from '@sluice/model';
import { buildNatPmpResponse, natPmpResult, parseNatPmpRequest } from '@sluice/wire/natpmp';

/** A mapping as the gateway has it. */
export interface SimulatedMapping {
  readonly client: IpAddress;
  readonly protocol: 'udp' | 'tcp';
  readonly internalPort: number;
  readonly externalPort: number;
  readonly endsAt: number;
}

/** A NAT-PMP gateway as RFC 6886 has it, but for sockets. What can be different about one is in its members. */
export class SimulatedNatPmpGateway {
  externalAddress: IpAddress = '203.0.113.1';
  /** What requests to map are answered with. */
  result: number = natPmpResult.success;
  /** It has no address on the internet. */
  isOffline = false;
  /** A mapping that is to be deleted stays for so many seconds. */
  keepsAfterDeletion = 0;
  mostSeconds = 7_200;
  readonly clock: Clock;
  mappings: SimulatedMapping[] = [];
  #bootedAt: number;

  constructor(clock: Clock) {
    this.clock = clock;
    this.#bootedAt = clock.now() - 1_000_000;
  }

  get epoch(): number {
    return Math.floor((this.clock.now() - this.#bootedAt) / 1_000);
  }

  /** What has not ended. */
  get held(): readonly SimulatedMapping[] {
    this.mappings = this.mappings.filter(({ endsAt }) => this.clock.now() < endsAt);
    return this.mappings;
  }

  /** Power was lost, and is back. */
  reboot(): void {
    this.mappings = [];
    this.#bootedAt = this.clock.now();
  }

  /** The answer to a datagram; undefined where there is none. */
  answer(bytes: Uint8Array, client: IpAddress): Uint8Array | undefined {
    const [version = 0, opcode = 0] = bytes;
    if (bytes.length < 2 || opcode >= 0x80) return undefined;
    const error = (result: number) => buildNatPmpResponse({ kind: 'error', result, epoch: this.epoch, opcode });
    if (version !== 0) return error(natPmpResult.unsupportedVersion);
    const request = parseNatPmpRequest(bytes);
    if (!request) return error(natPmpResult.unsupportedOpcode);
    const { epoch } = this;
    if (request.kind === 'external-address') {
      const result = this.isOffline ? natPmpResult.networkFailure : natPmpResult.success;
      const address = this.isOffline ? new Uint8Array(4) : addressBytes(this.externalAddress);
      return buildNatPmpResponse({ kind: 'external-address', result, epoch, address });
    }
    const refused = this.result !== natPmpResult.success ? this.result : request.internalPort < 1_024 ? 2 : 0;
    if (refused !== 0) return buildNatPmpResponse({ ...request, result: refused, epoch });
    const { protocol, internalPort, lifetime } = request;
    const there = this.held.find(
      (one) => one.client === client && one.protocol === protocol && one.internalPort === internalPort,
    );
    if (lifetime === 0 && this.keepsAfterDeletion > 0)
      return buildNatPmpResponse({ ...request, result: 0, epoch, lifetime: this.keepsAfterDeletion });
    this.mappings = this.held.filter((one) => one !== there);
    if (lifetime === 0) return buildNatPmpResponse({ ...request, result: 0, epoch, externalPort: 0 });
    const externalPort = there?.externalPort ?? this.#portFor(request);
    const seconds = Math.min(lifetime, this.mostSeconds);
    const endsAt = this.clock.now() + seconds * 1_000;
    this.mappings.push({ client, protocol, internalPort, externalPort, endsAt });
    return buildNatPmpResponse({ ...request, result: 0, epoch, externalPort, lifetime: seconds });
  }

  #portFor({ externalPort, protocol }: { externalPort: number; protocol: string }): number {
    const taken = (port: number) => this.held.some((one) => one.externalPort === port && one.protocol === protocol);
    for (let port = Math.max(externalPort, 1_024); ; port++) if (!taken(port)) return port;
  }
}
