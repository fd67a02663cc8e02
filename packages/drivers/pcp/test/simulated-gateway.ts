import { addressBytes, type Clock, familyOf, formatAddress, type IpAddress } from '@sluice/model';
import {
  bareAddress,
  buildPcpResponse,
  type PcpMapping,
  type PcpOption,
  type PcpRequest,
  parsePcpRequest,
  pcpAddress,
  pcpProtocol,
  pcpResult,
} from '@sluice/wire/pcp';

/** A mapping as the gateway has it. */
export interface SimulatedMapping {
  readonly client: IpAddress;
  readonly protocol: number;
  readonly internalPort: number;
  readonly nonce: string;
  readonly externalPort: number;
  readonly externalAddress: IpAddress;
  /** "203.0.113.10 7000"; none: anyone may send. */
  readonly filters: readonly string[];
  readonly endsAt: number;
}

/** A PCP server as RFC 6887 has it, but for sockets. What can be different about one is in its members. */
export class SimulatedPcpGateway {
  externalAddress: IpAddress = '203.0.113.1';
  knowsFilter = true;
  knowsThirdParty = false;
  /** It takes PREFER_FAILURE and grants another port all the same. */
  ignoresPreferFailure = false;
  /** It says that it heeded FILTER, and does not. */
  forgetsFilters = false;
  /** It leaves FILTER out of its answers. */
  hidesFilters = false;
  noResourcesForNothing = false;
  /** A mapping that is to be deleted stays for so many seconds. */
  keepsAfterDeletion = 0;
  mostMappings = 100;
  mostSeconds = 86_400;
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

  /** The answer to a datagram; undefined where there is none (RFC 6887 8.2). */
  answer(bytes: Uint8Array, from: IpAddress): Uint8Array | undefined {
    if (bytes.length < 2 || (bytes[1] ?? 0) >= 0x80) return undefined;
    if (bytes[0] !== 2) {
      const body = { kind: 'missing', opcode: (bytes[1] ?? 0) & 0x7f } as const;
      const error = { result: pcpResult.unsuppVersion, lifetime: 1_800, epoch: this.epoch, body, options: [] };
      return buildPcpResponse(error);
    }
    const request = parsePcpRequest(bytes);
    if (!request) return undefined;
    const error = (result: number, lifetime = 1_800) =>
      buildPcpResponse({ result, lifetime, epoch: this.epoch, body: request.body, options: request.options });
    if (formatAddress(bareAddress(request.clientAddress)) !== from) return error(pcpResult.addressMismatch);
    if (request.body.kind === 'announce')
      return buildPcpResponse({ result: 0, lifetime: 0, epoch: this.epoch, body: request.body, options: [] });
    if (request.body.kind !== 'map') return error(pcpResult.unsuppOpcode);
    const wrong = this.#wrongOption(request);
    if (wrong !== undefined) return error(wrong);
    const { mapping } = request.body;
    if (mapping.protocol !== pcpProtocol.tcp && mapping.protocol !== pcpProtocol.udp)
      return error(pcpResult.unsuppProtocol);
    const client = clientOf(request, from);
    const made = this.#map(request, mapping, client);
    if ('result' in made) return error(made.result, made.lifetime);
    const lifetime = request.lifetime === 0 ? made.lifetime : Math.ceil((made.endsAt - this.clock.now()) / 1_000);
    return buildPcpResponse({
      result: 0,
      lifetime,
      epoch: this.epoch,
      body: {
        kind: 'map',
        mapping: {
          ...mapping,
          externalPort: request.lifetime === 0 ? 0 : made.externalPort,
          externalAddress: pcpAddress(addressBytes(made.externalAddress)),
        },
      },
      options: request.options.filter(({ kind }) => kind !== 'filter' || !this.hidesFilters),
    });
  }

  #wrongOption({ options, lifetime, body }: PcpRequest): number | undefined {
    for (const option of options) {
      const known =
        option.kind === 'prefer-failure' ||
        (option.kind === 'filter' && this.knowsFilter) ||
        (option.kind === 'third-party' && this.knowsThirdParty) ||
        (option.kind === 'other' && option.code >= 128);
      if (!known) return pcpResult.unsuppOption;
      const nothing = body.kind === 'map' && body.mapping.externalPort === 0;
      if (option.kind === 'prefer-failure' && (lifetime === 0 || nothing)) return pcpResult.malformedOption;
      if (option.kind === 'filter' && lifetime === 0) return pcpResult.malformedOption;
    }
    const once = options.filter(({ kind }) => kind === 'prefer-failure' || kind === 'third-party');
    return new Set(once.map(({ kind }) => kind)).size === once.length ? undefined : pcpResult.malformedOption;
  }

  #map(
    { lifetime, options }: PcpRequest,
    asked: PcpMapping,
    client: IpAddress,
  ): (SimulatedMapping & { lifetime: number }) | { result: number; lifetime: number } {
    const now = this.clock.now();
    const nonce = Buffer.from(asked.nonce).toString('hex');
    const { protocol, internalPort } = asked;
    const there = this.held.find(
      (one) => one.client === client && one.protocol === protocol && one.internalPort === internalPort,
    );
    if (there && there.nonce !== nonce)
      return { result: pcpResult.notAuthorized, lifetime: Math.ceil((there.endsAt - now) / 1_000) };
    const externalAddress = familyOf(client) === 6 ? client : this.externalAddress;
    const blank = { client, protocol, internalPort, nonce, externalAddress, externalPort: 0, filters: [], endsAt: now };
    if (lifetime === 0) {
      if (!there && this.noResourcesForNothing) return { result: pcpResult.noResources, lifetime: 30 };
      if (there && this.keepsAfterDeletion > 0) return { ...there, lifetime: this.keepsAfterDeletion };
      this.mappings = this.held.filter((one) => one !== there);
      return { ...blank, lifetime: 0 };
    }
    if (internalPort < 1_024) return { result: pcpResult.notAuthorized, lifetime: 1_800 };
    if (!there && this.held.length >= this.mostMappings) return { result: pcpResult.userExQuota, lifetime: 30 };
    const externalPort = there?.externalPort ?? this.#portFor(asked, client);
    const exactly = options.some(({ kind }) => kind === 'prefer-failure') && !this.ignoresPreferFailure;
    if (exactly && externalPort !== asked.externalPort)
      return { result: pcpResult.cannotProvideExternal, lifetime: 30 };
    const filters = this.forgetsFilters ? [] : filtersAfter(there?.filters ?? [], options);
    if (filters.length > 16) return { result: pcpResult.excessiveRemotePeers, lifetime: 1_800 };
    const seconds = Math.min(Math.max(lifetime, 120), this.mostSeconds);
    const made = { ...(there ?? blank), externalPort, filters, endsAt: now + seconds * 1_000 };
    this.mappings = [...this.held.filter((one) => one !== there), made];
    return { ...made, lifetime: seconds };
  }

  #portFor({ internalPort, externalPort, protocol }: PcpMapping, client: IpAddress): number {
    if (familyOf(client) === 6) return internalPort;
    const taken = (port: number) =>
      this.held.some((one) => one.externalPort === port && one.protocol === protocol && familyOf(one.client) === 4);
    for (let port = externalPort >= 1_024 ? externalPort : 1_024; ; port++) if (!taken(port)) return port;
  }
}

function clientOf({ options }: PcpRequest, from: IpAddress): IpAddress {
  const other = options.find((option) => option.kind === 'third-party');
  return other ? formatAddress(bareAddress(other.address)) : from;
}

function filtersAfter(before: readonly string[], options: readonly PcpOption[]): readonly string[] {
  let filters = [...before];
  for (const option of options) {
    if (option.kind !== 'filter') continue;
    if (option.prefixLength === 0) filters = [];
    else filters.push(`${formatAddress(bareAddress(option.address))} ${option.port}`);
  }
  return filters;
}
