import type { Endpoint, IpAddress } from '@sluice/model';

/** When a probe is sent: the session not yet asked for, open, or closed. */
export type Phase = 'before' | 'during' | 'after';

/** An opening of the session, as those who try to get through it know it. */
export interface Target {
  readonly streamId: string;
  readonly kind: 'rtp' | 'rtcp' | 'tcp';
  readonly payloadType?: number;
  readonly firstSpeaker: 'server' | 'appliance';
  readonly remote: Endpoint;
  readonly global: Endpoint;
  readonly local: Endpoint;
  /** Where the box nearest to the appliance lets it in, where that is another endpoint than `global`. */
  readonly inner?: Endpoint;
}

/** Who sends a probe. */
export type Sender = 'media server' | 'stranger' | 'neighbour';

/** Where the probes come from, and what else there is to hit. */
export interface Surroundings {
  /** In the session's family: another address of the media server, the stranger's, another device's of the home. */
  readonly otherServerAddress: IpAddress;
  readonly stranger: IpAddress;
  readonly otherDevice: IpAddress;
  /** Who stands between two boxes, where there are two. */
  readonly neighbour?: IpAddress;
  /** Every address by which a packet could be meant for the home; none over IPv6, where its devices have their own. */
  readonly entrances: readonly IpAddress[];
  /** IPv4 in any session: the appliance's address inside the home, and those that try to reach it. */
  readonly lan?: {
    readonly appliance: IpAddress;
    readonly server: IpAddress;
    readonly stranger: IpAddress;
    readonly neighbour?: IpAddress;
  };
}

/** What a packet carries besides its token. */
export type Payload = 'rtp' | 'rtp-other-type' | 'rtcp' | 'noise';

/** One packet to try, any number of times. */
export interface Probe {
  /** What is wrong with it, or "right packet". */
  readonly probe: string;
  readonly sender: Sender;
  readonly transport: 'udp' | 'tcp';
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly payload: Payload;
  /** Whether it is the one that a session is there for; every other one never passes. */
  readonly right: boolean;
}

/** The right packet of an opening. A TCP opening has none: its own connection is the proof. */
export function rightProbe(target: Target): Probe | undefined {
  if (target.kind === 'tcp') return undefined;
  return {
    probe: 'right packet',
    sender: 'media server',
    transport: 'udp',
    from: target.remote,
    to: target.global,
    payload: target.kind,
    right: true,
  };
}

/**
 * Every way to be wrong about an opening, from the media server itself and from a stranger. A pinhole's global address
 * is the appliance's own, so what is tried directly is its IPv4 address inside the home, over IPv6 too. A neighbour
 * stands before the inner of two boxes, and is kept out by that one alone.
 */
export function wrongProbes(target: Target, around: Surroundings): Probe[] {
  const { stranger, neighbour, entrances, lan } = around;
  const transport = target.kind === 'tcp' ? 'tcp' : 'udp';
  const payload: Payload = target.kind === 'tcp' ? 'noise' : target.kind;
  const { remote, global, local, inner } = target;
  const at = (address: IpAddress, port: number): Endpoint => ({ address, port });
  const otherPort = at(global.address, elsewhere(global.port));
  const right = { transport, payload, right: false } as const;
  const fromServer = { ...right, sender: 'media server', from: remote, to: global } as const;
  const fromStranger = { ...right, sender: 'stranger', from: at(stranger, remote.port), to: global } as const;
  const otherProtocol = transport === 'udp' ? 'tcp' : 'udp';
  const directly = (sender: Sender, from: IpAddress | undefined): Probe[] =>
    from === undefined || lan === undefined
      ? []
      : [
          {
            ...right,
            probe: "appliance's LAN address",
            sender,
            from: at(from, remote.port),
            to: at(lan.appliance, local.port),
          },
        ];
  const second = at(around.otherDevice, local.port);
  const fromNeighbour = (from: IpAddress): Probe[] => {
    const wrong = { ...right, sender: 'neighbour', from: at(from, remote.port) } as const;
    return [
      { ...wrong, probe: 'other source address', to: inner ?? global },
      { ...wrong, probe: 'second appliance', to: second },
    ];
  };
  const otherEntrances = entrances.filter((address) => address !== global.address && address !== inner?.address);
  return [
    { ...fromServer, probe: 'other source address', from: at(around.otherServerAddress, remote.port) },
    { ...fromServer, probe: 'other source port', from: at(remote.address, elsewhere(remote.port)) },
    { ...fromServer, probe: 'other global port', to: otherPort },
    ...otherEntrances.map((address) => ({
      ...fromServer,
      probe: 'other global address',
      to: at(address, global.port),
    })),
    ...(inner ? [fromServer, fromStranger].map((from) => ({ ...from, probe: 'past the outer box', to: inner })) : []),
    { ...fromServer, probe: 'other protocol', transport: otherProtocol, payload: 'noise' },
    ...unfit(target).map((wrong) => ({ ...fromServer, ...wrong })),
    { ...fromServer, probe: 'second appliance', to: second },
    { ...fromStranger, probe: 'other source address' },
    // The stranger says to be the server, as far as anyone can: on one wire nobody checks who sends.
    { ...fromStranger, probe: 'other source port', from: at(remote.address, elsewhere(remote.port)) },
    { ...fromStranger, probe: 'other global port', to: otherPort },
    { ...fromStranger, probe: 'other protocol', transport: otherProtocol, payload: 'noise' },
    ...unfit(target).map((wrong) => ({ ...fromStranger, ...wrong })),
    { ...fromStranger, probe: 'second appliance', to: second },
    ...directly('media server', lan?.server),
    ...directly('stranger', lan?.stranger),
    ...(neighbour === undefined ? [] : fromNeighbour(neighbour)),
    ...directly('neighbour', lan?.neighbour),
  ];
}

/** Payloads that an opening's stream type does not carry. */
function unfit(target: Target): Pick<Probe, 'probe' | 'payload'>[] {
  if (target.kind === 'tcp') return [];
  if (target.kind === 'rtcp') return [{ probe: 'non-RTCP', payload: 'noise' }];
  return [
    { probe: 'non-RTP', payload: 'noise' },
    ...(target.payloadType === undefined ? [] : [{ probe: 'other payload type', payload: 'rtp-other-type' } as const]),
  ];
}

/** Another port of the same parity and range, that no stream of a session is near. */
export function elsewhere(port: number): number {
  return port < 32768 ? port + (port < 31768 ? 1000 : -1000) : port - 1000;
}
