import type { Clock, IpAddress } from '@sluice/model';
import {
  type ActionRequest,
  buildAnswer,
  buildDescription,
  buildFault,
  buildMappingList,
  buildSsdp,
  type DescribedDevice,
  igdType,
  mappingError,
  mappingIn,
  mappingValues,
  parseRequest,
  parseSsdp,
  pinholeError,
  type ServiceDescription,
  type SsdpAnswer,
  upnpError,
} from '@sluice/wire/igd';
import type { Mishap } from './mishap.ts';
import { type Departures, type Fault, SimulatedTables } from './simulated-tables.ts';

/** One request as a gateway sees it. */
export interface SimulatedRequest {
  readonly method: string;
  readonly path: string;
  readonly soapAction: string;
  readonly body: string;
  /** The address that it came from. */
  readonly from: IpAddress;
}

/** What it says, or does not. */
export type SimulatedReply =
  | { readonly status: number; readonly body: string; readonly location?: string; readonly twice?: true }
  | { readonly silence: 'hold' | 'break' }
  | { readonly late: Promise<void>; readonly body: string };

export const simulatedUdn = 'uuid:5a1d2c11-0000-4000-8000-00000000abcd';

/** A UPnP gateway in memory, of version 1 or 2: its table, its pinholes, its ways, and mishaps on demand. */
export class SimulatedIgd {
  readonly tables: SimulatedTables;
  readonly mishaps: Mishap[] = [];
  /** Actions that arrived, in order. */
  readonly asked: string[] = [];
  address = '192.168.1.1';
  externalAddress: string;
  bootId = 1;
  readonly #departures: Departures;
  readonly #clock: Clock;
  #startedAt: number;

  constructor(clock: Clock, departures: Departures = {}) {
    this.#clock = clock;
    this.#departures = departures;
    this.#startedAt = clock.now() - 60_000;
    this.tables = new SimulatedTables(clock, departures);
    this.externalAddress = departures.externalAddress ?? '203.0.113.1';
  }

  /** The power goes and comes back. */
  restart(): void {
    this.tables.restart();
    this.bootId++;
    this.#startedAt = this.#clock.now();
  }

  get server(): string {
    return this.#departures.server ?? 'Simulated/1 UPnP/1.1 Simulated/1';
  }

  /** Its answers to a datagram. */
  search(datagram: Uint8Array): readonly Uint8Array[] {
    const message = parseSsdp(datagram);
    if (message?.kind !== 'search' || this.#departures.mute) return [];
    if (!message.target.startsWith(igdType.gateway)) return [];
    const overIpv6 = message.host.startsWith('[');
    const host = overIpv6 ? '[2001:db8:100::1]' : this.address;
    const answer: SsdpAnswer = {
      kind: 'answer',
      target: message.target,
      usn: `${simulatedUdn}::${message.target}`,
      location: this.#departures.location ?? `http://${host}:5000/desc.xml`,
      server: this.server,
      maxAge: 1_800,
      bootId: String(this.bootId),
    };
    return [buildSsdp(answer)];
  }

  answer(request: SimulatedRequest): SimulatedReply {
    if (request.method === 'GET')
      return request.path === '/desc.xml' ? { status: 200, body: this.#description() } : { status: 404, body: '' };
    let action: ActionRequest;
    try {
      action = parseRequest(request.soapAction, request.body);
    } catch {
      return { status: 400, body: '' };
    }
    this.asked.push(action.action);
    const mishap = /^(Add|Delete|Update)/.test(action.action) ? this.mishaps.shift() : undefined;
    return this.#withMishap(mishap, action, request.from);
  }

  #withMishap(mishap: Mishap | undefined, action: ActionRequest, from: IpAddress): SimulatedReply {
    switch (mishap?.kind) {
      case 'lose-request':
        return { silence: 'hold' };
      case 'nothing':
        return {
          status: 200,
          body: buildAnswer(
            action,
            action.action === 'AddPinhole' ? [['UniqueID', '999']] : [['NewReservedPort', '40000']],
          ),
        };
      case 'refuse':
        return { status: 500, body: buildFault(mishap.code, 'as told') };
      case 'redirect':
        return { status: 302, body: '', location: mishap.location };
      default: {
        const reply = this.#act(action, from);
        const body = 'fault' in reply ? buildFault(reply.fault, 'simulated') : buildAnswer(action, reply);
        const status = 'fault' in reply ? 500 : 200;
        if (mishap?.kind === 'lose-answer') return { silence: 'hold' };
        if (mishap?.kind === 'twice') return { status, body, twice: true };
        if (mishap?.kind === 'late') return { late: mishap.until, body };
        if (mishap?.kind === 'body') return { status: mishap.status ?? 200, body: mishap.body };
        if (mishap?.kind === 'power') {
          this.restart();
          return { silence: 'break' };
        }
        return { status, body };
      }
    }
  }

  #act(request: ActionRequest, from: IpAddress): ActionRequest['args'] | Fault {
    const args = new Map(request.args);
    const number = (name: string) => Number(args.get(name));
    const { tables } = this;
    const { noAnyPort, noRangeList, noSpecificLook, version = 2 } = this.#departures;
    const unknown = { fault: upnpError.invalidAction };
    const at = () =>
      tables.held.find(
        ({ externalPort, protocol }) =>
          externalPort === number('NewExternalPort') && protocol === args.get('NewProtocol')?.toLowerCase(),
      );
    const asPinhole = () => ({
      remoteHost: args.get('RemoteHost') ?? '',
      remotePort: number('RemotePort'),
      internalClient: args.get('InternalClient') ?? '',
      internalPort: number('InternalPort'),
      protocol: args.get('Protocol') === '6' ? ('tcp' as const) : ('udp' as const),
    });
    switch (request.action) {
      case 'GetExternalIPAddress':
        return [['NewExternalIPAddress', this.externalAddress]];
      case 'GetStatusInfo':
        return [
          ['NewConnectionStatus', this.#departures.status ?? 'Connected'],
          ['NewLastConnectionError', 'ERROR_NONE'],
          ['NewUptime', String(Math.floor((this.#clock.now() - this.#startedAt) / 1_000))],
        ];
      case 'AddPortMapping':
        if (args.get('NewInternalClient') !== from) return { fault: upnpError.notAuthorized };
        return tables.add(mappingIn(args)) ?? [];
      case 'AddAnyPortMapping': {
        if (noAnyPort || version < 2) return unknown;
        if (args.get('NewInternalClient') !== from) return { fault: upnpError.notAuthorized };
        const port = tables.addAny(mappingIn(args));
        return typeof port === 'number' ? [['NewReservedPort', String(port)]] : port;
      }
      case 'DeletePortMapping':
        return tables.remove(number('NewExternalPort'), args.get('NewProtocol')?.toLowerCase() ?? '') ?? [];
      case 'GetSpecificPortMappingEntry': {
        if (noSpecificLook) return unknown;
        const there = at();
        return there ? mappingValues(tables.shown(there)).slice(3) : { fault: mappingError.noSuchEntry };
      }
      case 'GetGenericPortMappingEntry': {
        const there = tables.held[number('NewPortMappingIndex')];
        return there ? mappingValues(tables.shown(there)) : { fault: mappingError.indexInvalid };
      }
      case 'GetListOfPortMappings': {
        if (noRangeList || version < 2) return unknown;
        const listed = tables.held.filter(
          ({ externalPort, protocol }) =>
            externalPort >= number('NewStartPort') &&
            externalPort <= number('NewEndPort') &&
            protocol === args.get('NewProtocol')?.toLowerCase(),
        );
        if (listed.length === 0) return { fault: mappingError.portMappingNotFound };
        return [['NewPortListing', buildMappingList(listed.map((mapping) => tables.shown(mapping)))]];
      }
      case 'GetFirewallStatus':
        return [
          ['FirewallEnabled', '1'],
          ['InboundPinholeAllowed', '1'],
        ];
      case 'AddPinhole': {
        if (args.get('InternalClient') !== from) return { fault: upnpError.notAuthorized };
        const made = tables.addPinhole(asPinhole(), number('LeaseTime'));
        return typeof made === 'number' ? [['UniqueID', String(made)]] : made;
      }
      case 'UpdatePinhole':
        return tables.updatePinhole(number('UniqueID'), number('NewLeaseTime')) ?? [];
      case 'DeletePinhole':
        return tables.removePinhole(number('UniqueID')) ?? [];
      case 'GetPinholePackets': {
        const packets = tables.packetsOf(number('UniqueID'));
        return typeof packets === 'number' ? [['PinholePackets', String(packets)]] : packets;
      }
      case 'CheckPinholeWorking':
        return tables.heldPinholes.some(({ uniqueId }) => uniqueId === number('UniqueID'))
          ? { fault: pinholeError.noTrafficReceived }
          : { fault: pinholeError.noSuchEntry };
      default:
        return unknown;
    }
  }

  #description(): string {
    const { noFirewall, ppp, version = 2 } = this.#departures;
    const service = (family: string, of: number, path: string): ServiceDescription => ({
      type: `${family}:${of}`,
      id: `urn:upnp-org:serviceId:${path}`,
      controlUrl: `/ctl/${path}`,
      eventUrl: `/evt/${path}`,
      scpdUrl: `/${path}.xml`,
    });
    const device = (
      type: string,
      services: readonly ServiceDescription[],
      devices: readonly DescribedDevice[],
    ): DescribedDevice => ({
      type,
      udn: simulatedUdn,
      friendlyName: 'Simulated',
      manufacturer: 'Simulated',
      modelName: 'Simulated',
      modelNumber: '1',
      modelDescription: '',
      services,
      devices,
    });
    const connection = ppp ? service(igdType.pppConnection, 1, 'PPP') : service(igdType.ipConnection, version, 'IP');
    const firewall = noFirewall ? [] : [service(igdType.ipv6Firewall, 1, 'FC')];
    const wan = device('urn:schemas-upnp-org:device:WANConnectionDevice:1', [connection, ...firewall], []);
    return buildDescription({ device: device(`${igdType.gateway}:${version}`, [], [wan]) });
  }
}
