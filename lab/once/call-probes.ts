import type { IpAddress } from '@sluice/model';
import { elsewhere, type Probe, type Target } from './probes.ts';

/** Who else there is outside, in the call's IP version, and whom else a packet could hit. */
export interface Bystanders {
  readonly stranger: IpAddress;
  readonly server: IpAddress;
  /** The device's address in its home, where hosts outside know a way to it. */
  readonly hidden?: IpAddress;
  readonly otherDevice?: IpAddress;
}

/** What the other party sends, said by a stranger: the opening cannot tell it from the other party's. */
export function callRightProbe({ remote, global }: Target): Probe {
  const kind = { probe: 'right packet', sender: 'stranger', right: true } as const;
  return { ...kind, transport: 'udp', from: remote, to: global, payload: 'rtp' };
}

/** Every way to be wrong about one party's end of a call. */
export function callWrongProbes(target: Target, around: Bystanders): Probe[] {
  const { remote, global, local } = target;
  const right = { ...callRightProbe(target), right: false };
  const at = (address: IpAddress, port: number) => ({ address, port });
  return [
    { ...right, probe: 'other source address', from: at(around.stranger, remote.port) },
    { ...right, probe: 'other source address', sender: 'media server', from: at(around.server, remote.port) },
    { ...right, probe: 'other source port', from: at(remote.address, elsewhere(remote.port)) },
    { ...right, probe: 'other global port', to: at(global.address, elsewhere(global.port)) },
    { ...right, probe: 'other protocol', transport: 'tcp', payload: 'noise' },
    { ...right, probe: 'non-RTP', payload: 'noise' },
    ...(around.hidden === undefined
      ? []
      : [{ ...right, probe: "appliance's LAN address", to: at(around.hidden, local.port) }]),
    ...(around.otherDevice === undefined
      ? []
      : [{ ...right, probe: 'second appliance', to: at(around.otherDevice, local.port) }]),
  ];
}
