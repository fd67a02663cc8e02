import type { ContentPlay, Onlooker } from '../request-content.ts';

/** Told of the moments of a play. */
export interface PlayOnlooker extends Onlooker {
  /** Every opening holds. */
  open?(play: ContentPlay): void;
  /** The home is closed again. */
  left?(): void;
}

/** One onlooker that tells all of them, in order. */
export function together(...onlookers: readonly PlayOnlooker[]): Required<PlayOnlooker> {
  return {
    async content(content, presentation) {
      for (const onlooker of onlookers) await onlooker.content?.(content, presentation);
    },
    step(step) {
      for (const onlooker of onlookers) onlooker.step?.(step);
    },
    first(streamId, atMs) {
      for (const onlooker of onlookers) onlooker.first?.(streamId, atMs);
    },
    rtp(streamId, bytes, header) {
      for (const onlooker of onlookers) onlooker.rtp?.(streamId, bytes, header);
    },
    rtcp(streamId, bytes) {
      for (const onlooker of onlookers) onlooker.rtcp?.(streamId, bytes);
    },
    tcp(streamId, bytes) {
      for (const onlooker of onlookers) onlooker.tcp?.(streamId, bytes);
    },
    tcpEnd(streamId) {
      for (const onlooker of onlookers) onlooker.tcpEnd?.(streamId);
    },
    open(play) {
      for (const onlooker of onlookers) onlooker.open?.(play);
    },
    left() {
      for (const onlooker of onlookers) onlooker.left?.();
    },
  };
}
