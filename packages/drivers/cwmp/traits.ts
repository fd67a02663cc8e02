import type { Traits } from '@sluice/model';
import type { DeviceKnowledge, ModelKnowledge } from './device-book.ts';
import type { Place } from './place.ts';

/** What the type can express; a device tells less, or more, once it was spoken to ({@link traitsOf}). */
export const cwmpTraits: Traits = {
  families: [4, 6],
  sourceAddress: true,
  // True where rules of Device.Firewall.Chain are ours to make.
  sourcePort: false,
  streamTypes: false,
  lease: { leastSeconds: 1, mostSeconds: 604_800 },
  atomic: true,
  ackMeansHeld: true,
  listsWhatItHolds: true,
  revokeStopsRunning: false,
  keepsNarrowingOverRestart: true,
  symmetricSource: false,
  sharedGlobalPort: false,
  portGroups: true,
  findsDevice: false,
  portAgreement: ['pick', 'propose', 'list-free'],
  // Device.Firewall.Pinhole, where a device has it: nothing is translated, and the source port is named.
  ipv6: { sourcePort: true, symmetricSource: true, sharedGlobalPort: true },
};

/** Whether a mapping of the device can be held to one remote port, as far as devices of its model have shown. */
export function narrows({ rules }: Place, model: ModelKnowledge | undefined): boolean {
  return rules !== undefined && model?.rules.narrow !== 'no';
}

/** What this device can express, as far as it has shown. */
export function traitsOf({ place, model }: DeviceKnowledge): Traits {
  const mappings = place && model?.of(place.mappings);
  const pinholes = place?.pinholes && model?.of(place.pinholes);
  const { lease, ipv6, ...others } = cwmpTraits;
  return {
    ...others,
    families: !place || place.pinholes ? [4, 6] : [4],
    sourceAddress: mappings?.source !== 'no',
    sourcePort: place !== undefined && narrows(place, model) && mappings?.source !== 'no',
    ...(mappings?.lease !== 'no' && lease && { lease }),
    ipv6: {
      ...ipv6,
      sourceAddress: pinholes?.source !== 'no',
      ...(pinholes?.lease !== 'no' && lease && { lease }),
    },
  };
}
