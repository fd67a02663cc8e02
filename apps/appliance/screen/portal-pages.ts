import type { Answer } from '@sluice/api';
import type { PeerAnswer } from '@sluice/io';
import type { Portal } from '../portal.ts';

/** The portal's page and its posters, as this screen shows them under its own address. */
export interface PortalPages {
  contents(signal: AbortSignal): Promise<Answer<PeerAnswer>>;
  /** Asked for once, then remembered. */
  poster(contentId: string, signal: AbortSignal): Promise<Answer<PeerAnswer>>;
}

/** Most posters that are remembered. */
const mostPosters = 64;

/** Pages behind the portal's HTTP. */
export function portalPages(portal: Portal): PortalPages {
  const posters = new Map<string, PeerAnswer>();
  return {
    contents(signal) {
      // Who sees the page may choose from it: that is made ready meanwhile, and is no haste.
      portal.prepare();
      portal.contents(undefined, signal).catch(() => {});
      return portal.page('/', signal);
    },
    async poster(contentId, signal) {
      const known = posters.get(contentId);
      if (known) return { kind: 'granted', value: known };
      const answer = await portal.page(`/posters/${encodeURIComponent(contentId)}`, signal);
      if (answer.kind === 'granted' && answer.value.status === 200) {
        const [oldest] = posters.keys();
        if (posters.size >= mostPosters && oldest !== undefined) posters.delete(oldest);
        posters.set(contentId, answer.value);
      }
      return answer;
    },
  };
}
