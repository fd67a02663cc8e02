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
}

/** Where the probes come from, and what else there is to hit. */
export interface Surroundings {
  /** In the session's family: another address of the media server, the stranger's, another device's of the home. */
  readonly otherServerAddress: IpAddress;
  readonly stranger: IpAddress;
  readonly otherDevice: IpAddress;
  /** IPv4 in any session: the appliance's address inside the home, and those that try to reach it. */
  readonly lan: { readonly appliance: IpAddress; readonly server: IpAddress; readonly stranger: IpAddress };
}

/** What a packet carries besides its token. */
export type Payload = 'rtp' | 'rtp-other-type' | 'rtcp' | 'noise';

/** One packet to try, any number of times. */
export interface Probe {
  /** What is wrong with it, or "right packet". */
  readonly probe: string;
  readonly sender: 'media server' | 'stranger';
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
 * is the appliance's own, so what is tried directly is its IPv4 address inside the home, over IPv6 too.
 */
export function wrongProbes(target: Target, around: Surroundings): Probe[] {
  const { stranger, lan } = around;
  const transport = target.kind === 'tcp' ? 'tcp' : 'udp';
  const payload: Payload = target.kind === 'tcp' ? 'noise' : target.kind;
  const { remote, global, local } = target;
  const at = (address: IpAddress, port: number): Endpoint => ({ address, port });
  const otherPort = at(global.address, elsewhere(global.port));
  const right = { transport, payload, right: false } as const;
  const fromServer = { ...right, sender: 'media server', from: remote, to: global } as const;
  const fromStranger = { ...right, sender: 'stranger', from: at(stranger, remote.port), to: global } as const;
  const otherProtocol = transport === 'udp' ? 'tcp' : 'udp';
  const directly = (from: IpAddress): Pick<Probe, 'from' | 'to'> => ({
    from: at(from, remote.port),
    to: at(lan.appliance, local.port),
  });
  const second = at(around.otherDevice, local.port);
  return [
    { ...fromServer, probe: 'other source address', from: at(around.otherServerAddress, remote.port) },
    { ...fromServer, probe: 'other source port', from: at(remote.address, elsewhere(remote.port)) },
    { ...fromServer, probe: 'other global port', to: otherPort },
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
    { ...fromServer, probe: "appliance's LAN address", ...directly(lan.server) },
    { ...fromStranger, probe: "appliance's LAN address", ...directly(lan.stranger) },
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
function elsewhere(port: number): number {
  return port < 32768 ? port + (port < 31768 ? 1000 : -1000) : port - 1000;
}
