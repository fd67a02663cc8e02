import type { Answer, ProbeOrder, ProbeResults } from '@sluice/api';
import { familyOf } from '@sluice/model';
import type { Shelf } from '../shelf.ts';

/** Has the media server that sends a content try the openings for it. */
export function probingServers(
  shelf: Pick<Shelf, 'find'>,
  signal: AbortSignal,
): (order: ProbeOrder) => Promise<Answer<ProbeResults>> {
  return async ({ contentId, trial, streams }) => {
    const found = await shelf.find(contentId, familyOf(streams[0]?.to.address ?? ''));
    if (found.kind === 'refused') return found;
    return found.value.server.probe({ contentId, trial, streams }, signal);
  };
}
