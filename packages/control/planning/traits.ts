import { type ContentRequest, familyOf, type Refusal, refuse, type Traits, traitsFor } from '@sluice/model';

/** What the gateway's type cannot hold as tightly as the request needs: refused before a packet is sent, never widened. */
export function checkTraits(request: ContentRequest, all: Traits): Refusal | undefined {
  const family = familyOf(request.flow.observed.address);
  const traits = traitsFor(all, family);
  if (!traits.families.includes(family)) return missing(`openings for IPv${family}`);
  if (!traits.sourceAddress) return missing('openings for one server only');
  if (!traits.sourcePort) return missing('openings for one port of the server only');
  for (const stream of request.streams) {
    if (familyOf(stream.remote.address) !== family) {
      return refuse(
        'path-mismatch',
        `the request came over IPv${family} but the stream ${stream.id} comes from ${stream.remote.address}; ask over the version of the content`,
        stream.id,
      );
    }
    const typed = stream.streamType !== 'tcp' && stream.streamType !== 'udp';
    if (typed && !traits.streamTypes) return missing(`openings for ${stream.streamType} only`, stream.id);
  }
  return undefined;
}

function missing(what: string, subject?: string): Refusal {
  return refuse('trait-missing', `this type of gateway cannot hold ${what}`, subject);
}

/** Promises that the type cannot keep though it can serve the request; told in the session's timeline. */
export function weaknessesOf(traits: Traits): readonly string[] {
  return [
    traits.lease ? '' : 'the gateway keeps no lease: an opening ends when it is closed, not by itself',
    traits.revokeStopsRunning ? '' : 'a running flow may outlive its opening',
    traits.keepsNarrowingOverRestart
      ? ''
      : 'after a restart the gateway may let in more than was asked until it is put right',
  ].filter((sentence) => sentence !== '');
}
