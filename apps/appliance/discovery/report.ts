import type { HomeSightings, IpAddress } from '@sluice/model';
import type { Conclusions } from './conclusions.ts';

/** What `sluice probe --json` prints: what was seen, and what follows from it. */
export interface ProbeReport extends Conclusions {
  readonly sightings: HomeSightings;
  /** Where a portal saw this device come from; `portalError`: why it did not say. */
  readonly portalSaw?: IpAddress;
  readonly portalError?: string;
}

const names: Readonly<Record<string, string>> = {
  sluice: "Sluice's own agent",
  pcp: 'PCP',
  igd: 'UPnP IGD',
  'nat-pmp': 'NAT-PMP',
};

/** The report in plain sentences. */
export function reportText({ gateway, type, obstacles, portalSaw, portalError }: ProbeReport): string {
  const way =
    type === undefined
      ? []
      : [
          `Sluice can set it up by ${names[type] ?? type}${type === 'sluice' ? '' : `, through this device (register it as ${type})`}.`,
        ];
  const seen = portalSaw === undefined ? [] : [`The portal saw this device come from ${portalSaw}.`];
  const unsaid = portalError === undefined ? [] : [`The portal did not say where it saw this device: ${portalError}.`];
  const heading = obstacles.length === 0 ? 'Nothing is in the way that can be seen from here.' : 'In the way:';
  return [
    ...gateway,
    ...seen,
    ...unsaid,
    ...way,
    heading,
    ...obstacles.map(({ obstacle, sentence }) => `- ${sentence} (${obstacle})`),
  ].join('\n');
}
