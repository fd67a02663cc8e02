import type { DataModel } from '@sluice/usp-agent';
import type { Home } from '../home/home.ts';
import { HostNumbers, hostSnapshot, hostTypes } from './hosts.ts';
import { ipSnapshot } from './ip-snapshot.ts';
import { ipTypes } from './ip-types.ts';
import { interfaceSettingTypes, updateInterfaceSettings } from './nat.ts';
import { type Snapshot, SnapshotModel } from './snapshot-model.ts';

/** The parts of the data model that follow the home: Device.IP., Device.Hosts. and Device.NAT.InterfaceSetting. */
export interface HomeModels {
  readonly models: readonly DataModel[];
  readonly interfaceSettings: DataModel;
  /** Follows the home no longer. */
  stop(): void;
}

/** Makes the models, and brings them up to date at every change of the home. A gateway that `translates` is its router. */
export function homeModels(home: Home, translates: boolean): HomeModels {
  const ip = new SnapshotModel(ipTypes);
  const hosts = new SnapshotModel(hostTypes);
  const settings = new SnapshotModel(interfaceSettingTypes);
  const numbers = new HostNumbers();
  let lastIp: Snapshot = new Map();
  const follow = () => {
    lastIp = ipSnapshot(home.networks, lastIp);
    ip.update(lastIp);
    hosts.update(hostSnapshot(home.neighbours.devices(), home.networks, numbers));
    updateInterfaceSettings(settings, home.networks, translates);
  };
  follow();
  const stop = home.observe(follow);
  return { models: [ip, hosts, settings], interfaceSettings: settings, stop };
}
