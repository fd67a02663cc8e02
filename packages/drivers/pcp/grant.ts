import { familyOf, formatAddress, type GrantedOpening, type Refusal, type RefusalCode, refuse } from '@sluice/model';
import { endOf, type Lease } from '@sluice/port-control';
import { bareAddress, type PcpResponse } from '@sluice/wire/pcp';
import { globalAddressOf, type Known, lackingUnfiltered, mayBeUnfiltered } from './mapping.ts';

/**
 * What a success grants, held against what was asked; a refusal where that is something else, which is to be undone then.
 * A server may ignore PREFER_FAILURE and grant another port, or pass over FILTER.
 */
export function grantIn(lease: Lease<Known>, local: string, answer: PcpResponse): GrantedOpening | Refusal {
  const { opening } = lease;
  const no = (code: RefusalCode, message: string) => refuse(code, message, opening.id);
  if (answer.body.kind !== 'map') return no('gateway-refused', `the gateway's success names no mapping`);
  const { externalPort: port, externalAddress } = answer.body.mapping;
  const address = formatAddress(bareAddress(externalAddress));
  const any = address === '0.0.0.0' || address === '::';
  if (port === 0 || answer.lifetime === 0 || any || familyOf(address) !== familyOf(opening.remote.address))
    return no('gateway-refused', `the gateway says success and grants nothing for ${opening.id}`);
  if (opening.globalPort !== undefined && opening.globalPort !== port)
    return no('port-in-use', `the global port ${opening.globalPort} is taken; the gateway offers ${port} instead`);
  const before = globalAddressOf(opening);
  if (before !== undefined && before !== address)
    return no('gateway-refused', `the gateway's global address is ${address} now, and was ${before}`);
  const filtered = answer.options.some((option) => option.kind === 'filter' && option.prefixLength > 0);
  if (!filtered && !mayBeUnfiltered(opening)) return no('cannot-hold', unfilteredWords);
  const { lacks: _, ...asked } = { lacks: undefined, ...opening };
  return {
    ...asked,
    local: { address: local, port: opening.local.port },
    global: { address, port },
    globalPort: port,
    until: endOf(lease, answer.lifetime),
    ...(!filtered && { lacks: lackingUnfiltered(opening) }),
  };
}

/** For a gateway that takes no filter. */
export const unfilteredWords = 'the gateway cannot let in one server alone: it knows no FILTER (remoteAddress)';
