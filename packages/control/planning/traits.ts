import {
  type ContentRequest,
  familyOf,
  type Refusal,
  refuse,
  type Traits,
  traitsFor,
  transportOf,
} from '@sluice/model';

/** Whether a gateway has openings for the IP versions and protocols that a request's streams are of. */
export function checkFamilies(request: ContentRequest, all: Traits): Refusal | undefined {
  const came = familyOf(request.flow.observed.address);
  for (const stream of request.streams) {
    const family = familyOf(stream.remote.address);
    const protocol = transportOf(stream.streamType);
    if (protocol !== 'tcp' && protocol !== 'udp' && !traitsFor(all, family).protocols?.includes(protocol))
      return refuse(
        'trait-missing',
        `this type of gateway cannot hold openings for ${protocol.toUpperCase()}, only for TCP and UDP`,
        stream.id,
      );
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
  return undefined;
}
