import { type HomeSightings, type Refusal, refuse, type TriedWay } from '@sluice/model';

/** Why no gateway was found, with what was looked at and what can be done. */
export function whyNot(
  applianceId: string,
  sightings: HomeSightings | string,
  tried: readonly TriedWay[] | undefined,
): Refusal {
  const inVain = tried?.map(({ gatewayId, outcome, why }) => `${gatewayId} ${outcome}: ${why ?? 'it is left out'}`);
  const ways = inVain ? `; of the ways registered for its home none answers from there (${inVain.join('; ')})` : '';
  const start = `the appliance ${applianceId} is not registered, and its gateway could not be found${ways}`;
  if (typeof sightings === 'string') return refuse('gateway-not-found', `${start}: ${sightings}; register both`);
  const { agent, missing, dhcp } = sightings;
  if (agent?.isProven) {
    const what = `its gateway ${agent.endpointId} runs our agent and is not connected here; connect it, or register it`;
    return refuse('gateway-not-found', `${start}: ${what}`);
  }
  const looked = Object.entries(missing).map(([way, why]) => `${way}: ${why}`);
  const advice = 'turn UPnP, PCP or NAT-PMP on in it, or register how it is spoken to';
  const { oui, serialNumber } = dhcp?.gateway ?? {};
  const isDevice = oui === undefined ? '' : `; by DHCP it is the TR-069 device ${oui}-${serialNumber}`;
  return refuse('gateway-not-found', `${start} (${looked.join('; ')}); ${advice}${isDevice}`);
}
