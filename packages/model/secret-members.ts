import type { GatewayType } from './gateway-type.ts';

/** Members of `communication` that are secret by their type alone, whatever they are called. */
const ofType: Partial<Readonly<Record<GatewayType, readonly string[]>>> = {
  cwmp: ['password', 'connectionRequestPassword'],
  'ssh-nft': ['privateKey', 'passphrase', 'password'],
};

const secretEnding = /(?:password|passphrase|secret|token|credential|key)$/i;
/** Keys that everyone may know: they are how a gateway is recognised. */
const openKey = /(?:host|public)key$/i;

/**
 * Whether a member of a gateway's communication information is a secret: encrypted where it is kept, never logged, never in a reply.
 * A name that looks like one counts as one, so that a driver which nobody told us of keeps its secrets too.
 */
export function isSecretMember(type: GatewayType, name: string): boolean {
  if (ofType[type]?.includes(name)) return true;
  return secretEnding.test(name) && !openKey.test(name);
}

/** What stands in the place of a secret. */
export const hidden = '***';

/** Communication information as it may be shown: it can be seen which secrets are set, and not what they are. */
export function hideSecrets(
  type: GatewayType,
  communication: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(communication).map(([name, value]) => [name, isSecretMember(type, name) ? hidden : value]),
  );
}
