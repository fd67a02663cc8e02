import { type Refusal, type RefusalCode, refuse } from '@sluice/model';
import { natPmpResult, natPmpResultName } from '@sluice/wire/natpmp';

const meanings: Readonly<Record<number, readonly [RefusalCode, string]>> = {
  [natPmpResult.unsupportedVersion]: ['gateway-refused', 'it speaks another version'],
  [natPmpResult.notAuthorized]: [
    'gateway-refused',
    'it does not let this device map that port, or has that switched off',
  ],
  [natPmpResult.networkFailure]: ['gateway-refused', 'it has no address on the internet just now; try later'],
  [natPmpResult.outOfResources]: ['ports-exhausted', 'it has no room for another mapping; try later'],
  [natPmpResult.unsupportedOpcode]: ['trait-missing', 'it maps no ports of that transport'],
};

/** The refusal for an answer that is no success. */
export function refusalOf(result: number, openingId: string): Refusal {
  const [code, words] = meanings[result] ?? ['gateway-refused', 'it gives a reason that is not known'];
  return refuse(code, `the gateway refused ${openingId}: ${words} (${natPmpResultName(result)})`, openingId);
}

/** For what was not sent. */
export function offline(gatewayId: string, reason: string): Refusal {
  return refuse('gateway-offline', `the gateway ${gatewayId} is not reached by NAT-PMP (${reason}); try later`);
}
