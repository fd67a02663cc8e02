import type { Prefix } from '@sluice/model';
import type { Policy } from './policy.ts';

/** The policy in sentences, one a line, for `sluice gateway check`. */
export function explainPolicy(policy: Policy, lanInterfaces: readonly string[]): string[] {
  const may = (right: 'open' | 'read') =>
    (policy.controllers ?? []).filter((controller) => controller.right === right).map(({ endpointId }) => endpointId);
  const home = policy.localPrefixes
    ? `devices in ${prefixes(policy.localPrefixes)}`
    : `devices in the networks of ${sequence(lanInterfaces)}`;
  const { allow, deny } = policy.localPorts;
  const { first, last } = policy.globalPorts;
  return [
    may('open').length > 0
      ? `These may open and close, each its own alone: ${may('open').join(', ')}.`
      : 'Nobody may open anything.',
    ...(may('read').length > 0 ? [`These may read only: ${may('read').join(', ')}.`] : []),
    ...roleSentences(policy),
    consentSentence(policy),
    policy.portals
      ? `A content request counts when it reached ${sequence(policy.portals)}.`
      : 'A content request counts at whatever portal it reached.',
    `Openings point at ${home}, never at the gateway itself, a multicast, broadcast or link-local address.`,
    `Local ports below 1024${deny.length > 0 ? ` and ${deny.join(', ')}` : ''} stay closed${
      allow.length > 0 ? `, except ${allow.join(', ')}` : ''
    }.`,
    policy.remotePrefixes
      ? `Streams come from ${prefixes(policy.remotePrefixes)} alone.`
      : 'Streams come from any one address outside the home that the opening names.',
    policy.anyRemote ? 'An opening MAY admit every remote address.' : 'No opening admits every remote address.',
    `Global ports are ${first} to ${last}.`,
    `There are at most ${policy.openings} openings, ${policy.openingsPerDevice} of them to one device.`,
    ...(policy.consent === 'off'
      ? []
      : [`What one request opens ends after ${policy.longestConsentSeconds} s for good.`]),
    `An opening lasts at most ${policy.longestLeaseSeconds} s before it is renewed${
      policy.staticLeases ? ', or for ever when its controller asks for that' : ''
    }.`,
  ];
}

/** Controllers that are held to other parts of the data model than those of their right, and to a number of their own. */
function roleSentences({ controllers = [] }: Policy): string[] {
  return controllers.flatMap(({ endpointId, roles, openings }) => [
    ...(roles ? [`${endpointId} sees and changes what its roles permit: ${sequence(roles)}.`] : []),
    ...(openings === undefined ? [] : [`${endpointId} holds at most ${openings} openings.`]),
  ]);
}

function consentSentence({ consent, controllers = [] }: Policy): string {
  const free = controllers.filter(({ withoutRequest }) => withoutRequest).map(({ endpointId }) => endpointId);
  const except = free.length > 0 ? `, except for ${sequence(free)}` : '';
  switch (consent) {
    case 'required':
      return `Nothing opens to a device that has not signed for it${except}.`;
    case 'preferred':
      return `Nothing opens to a device that has not asked; its signature counts where it gives one${except}.`;
    case 'off':
      return 'A controller MAY open what no device asked for.';
  }
}

const prefixes = (list: readonly Prefix[]) => sequence(list.map(({ address, length }) => `${address}/${length}`));

const sequence = (list: readonly string[]) =>
  list.length > 1 ? `${list.slice(0, -1).join(', ')} and ${list.at(-1)}` : (list[0] ?? 'nowhere');
