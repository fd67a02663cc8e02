import {
  type ContentRequest,
  familyOf,
  type PromiseName,
  type Refusal,
  refuse,
  type Traits,
  traitsFor,
} from '@sluice/model';
import { checkHolding, heldBy } from './holding.ts';

/**
 * What the gateway's type cannot hold as tightly as the request needs, nor as the deployment's policy lets it be
 * weaker by name (`mayLack`): refused before a packet is sent, never widened in silence.
 */
export function checkTraits(
  request: ContentRequest,
  all: Traits,
  mayLack: readonly PromiseName[],
): Refusal | undefined {
  const came = familyOf(request.flow.observed.address);
  for (const stream of request.streams) {
    const family = familyOf(stream.remote.address);
    if (!all.families.includes(family))
      return refuse('trait-missing', `this type of gateway cannot hold openings for IPv${family}`, stream.id);
    // Only a gateway that sees its devices can tell that an address of the other version is the asking one's.
    if (family === came || all.findsDevice) continue;
    return refuse(
      'path-mismatch',
      `the request came over IPv${came} but the stream ${stream.id} comes from ${stream.remote.address}; ask over the version of the content`,
      stream.id,
    );
  }
  for (const family of new Set(request.streams.map(({ remote }) => familyOf(remote.address)))) {
    const no = checkHolding(request, heldBy(traitsFor(all, family)), mayLack);
    if (no) return no;
  }
  return undefined;
}
