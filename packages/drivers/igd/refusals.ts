import { type Refusal, type RefusalCode, refuse } from '@sluice/model';
import { mappingError, pinholeError, upnpError } from '@sluice/wire/igd';

type Meaning = readonly [code: RefusalCode, words: string];

/** Errors of every service. */
const general: Readonly<Record<number, Meaning>> = {
  [upnpError.invalidAction]: ['gateway-refused', 'it does not know the action'],
  [upnpError.invalidArgs]: ['gateway-refused', 'it does not take a value'],
  [upnpError.actionFailed]: ['gateway-refused', 'it failed'],
  [upnpError.argumentInvalid]: ['gateway-refused', 'it does not take a value'],
  [upnpError.outOfMemory]: ['quota-exceeded', 'it has no memory left for another'],
  [upnpError.stringTooLong]: ['gateway-refused', 'it found a text too long'],
  [upnpError.notAuthorized]: [
    'gateway-refused',
    'it does not let this device open that port; look whether UPnP is on for this device, and which ports it may open',
  ],
};

const ofMappings: Readonly<Record<number, Meaning>> = {
  [mappingError.wildcardNotPermittedInSource]: ['gateway-refused', 'it wants one server named'],
  [mappingError.conflictInMapping]: ['port-in-use', 'its global port is mapped already'],
  [mappingError.samePortsRequired]: [
    'gateway-refused',
    "it maps a global port to the device's port of the same number alone",
  ],
  [mappingError.onlyPermanentLeases]: [
    'cannot-hold',
    'it keeps mappings until they are deleted, with no lease (lease)',
  ],
  [mappingError.remoteHostOnlyWildcard]: ['cannot-hold', 'it cannot let in one server alone (remoteAddress)'],
  [mappingError.externalPortOnlyWildcard]: ['gateway-refused', 'it opens a device with all its ports or not at all'],
  [mappingError.noPortMapsAvailable]: ['ports-exhausted', 'it has no port left'],
  [mappingError.conflictWithOtherMechanisms]: ['port-in-use', 'its global port is taken by something else'],
  [mappingError.readOnly]: ['gateway-refused', 'its mappings cannot be changed'],
};

const ofPinholes: Readonly<Record<number, Meaning>> = {
  [pinholeError.spaceExhausted]: ['quota-exceeded', 'it has no room for another pinhole'],
  [pinholeError.firewallDisabled]: ['gateway-refused', 'its IPv6 firewall is off, so that anything may come in'],
  [pinholeError.notAllowed]: ['gateway-refused', 'pinholes are switched off in it'],
  [pinholeError.noSuchEntry]: ['gateway-refused', 'it does not hold the pinhole'],
  [pinholeError.protocolNotSupported]: ['gateway-refused', 'it makes no pinholes for that transport'],
  [pinholeError.wildcardNotPermittedInSource]: ['gateway-refused', 'it wants one server named'],
};

/** The refusal for an error of a gateway. */
export function refusalOf(
  { code, description }: { readonly code: number | undefined; readonly description: string },
  of: 'mapping' | 'pinhole',
  openingId: string,
): Refusal {
  const special = of === 'mapping' ? ofMappings : ofPinholes;
  const [meaning, words] = (code !== undefined && (special[code] ?? general[code])) || [
    'gateway-refused' as const,
    'it said no',
  ];
  const said = [code, description].filter((part) => part !== undefined && part !== '').join(' ');
  return refuse(meaning, `the gateway refused ${openingId}: ${words} (${said || 'no error named'})`, openingId);
}

/** Nothing was asked. */
export function offline(gatewayId: string, reason: string): Refusal {
  return refuse('gateway-offline', `the gateway ${gatewayId} cannot be reached (${reason})`);
}

/** It was asked to look, and did not answer: nothing was changed. */
export function silent(gatewayId: string, reason: string): Refusal {
  return refuse(
    'gateway-silent',
    `the gateway ${gatewayId} did not answer when it was looked at (${reason}); nothing was changed`,
  );
}
