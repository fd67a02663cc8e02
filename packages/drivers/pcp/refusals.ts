import { type Refusal, type RefusalCode, refuse } from '@sluice/model';
import { pcpResult, pcpResultName } from '@sluice/wire/pcp';

/** What a result other than success means for an opening; the rest is `gateway-refused`. */
const meanings: Readonly<Record<number, readonly [RefusalCode, string]>> = {
  [pcpResult.notAuthorized]: ['gateway-refused', 'it does not let this device map that port, or another has it mapped'],
  [pcpResult.unsuppOpcode]: ['trait-missing', 'it maps no ports by PCP'],
  [pcpResult.unsuppOption]: ['trait-missing', 'it does not know an option that the opening needs'],
  [pcpResult.networkFailure]: ['gateway-refused', 'it has no connection to the internet just now; try later'],
  [pcpResult.noResources]: ['ports-exhausted', 'it has no room for another mapping; try later'],
  [pcpResult.unsuppProtocol]: ['trait-missing', 'it does not map ports of that transport'],
  [pcpResult.userExQuota]: ['quota-exceeded', 'this device has as many mappings as it may; close a session first'],
  [pcpResult.cannotProvideExternal]: ['port-in-use', 'its global port is taken'],
  [pcpResult.addressMismatch]: ['behind-another-nat', 'between this device and the gateway addresses are translated'],
  [pcpResult.excessiveRemotePeers]: ['trait-missing', 'it does not take so many remote endpoints for one mapping'],
};

/** The refusal for an answer that is no success. */
export function refusalOf(result: number, openingId: string): Refusal {
  const [code, words] = meanings[result] ?? ['gateway-refused', 'it did not understand the request'];
  return refuse(code, `the gateway refused ${openingId}: ${words} (${pcpResultName(result)})`, openingId);
}

/** For what was not sent. */
export function offline(gatewayId: string, reason: string): Refusal {
  return refuse('gateway-offline', `the gateway ${gatewayId} is not reached by PCP (${reason}); try later`);
}

/** For a gateway that spoke PCP and does not any more. */
export function stranger(gatewayId: string, version: number): Refusal {
  const words = version === 0 ? 'NAT-PMP and no longer PCP' : `version ${version} of PCP, which is not known here`;
  return refuse('gateway-refused', `the gateway ${gatewayId} speaks ${words}`);
}
