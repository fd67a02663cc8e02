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
  const family = familyOf(request.flow.observed.address);
  if (!all.families.includes(family))
    return refuse('trait-missing', `this type of gateway cannot hold openings for IPv${family}`);
  for (const stream of request.streams) {
    if (familyOf(stream.remote.address) === family) continue;
    return refuse(
      'path-mismatch',
      `the request came over IPv${family} but the stream ${stream.id} comes from ${stream.remote.address}; ask over the version of the content`,
      stream.id,
    );
  }
  return checkHolding(request, heldBy(traitsFor(all, family)), mayLack);
}
