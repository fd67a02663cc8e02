import type { Content } from '@sluice/api';
import type { IpAddress } from '@sluice/model';
import type { TimedText } from './timed-text.ts';
import type { RtpTrack } from './track.ts';

/** What one stream of a content sends. */
export type ReadyStream =
  | { readonly id: string; readonly streamType: 'rtp'; readonly track: RtpTrack }
  | { readonly id: string; readonly streamType: 'rtcp'; readonly pairedWith: string }
  | { readonly id: string; readonly streamType: 'tcp'; readonly text: TimedText }
  | { readonly id: string; readonly streamType: 'tcp'; readonly file: ReadyFile };

/** A file that is sent as it is. */
export interface ReadyFile {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

/** A content, ready to be sent: nothing of it has to be made or read again, but a file that is sent as it is. */
export interface ReadyContent {
  readonly contentId: string;
  readonly title: string;
  readonly kind: Content['kind'];
  readonly description: string;
  /** One play; absent for endless ones. */
  readonly durationSeconds?: number;
  /** Milliseconds after which the RTP tracks begin anew. */
  readonly loopMs: number;
  readonly sdp?: string;
  readonly poster: { readonly contentType: string; readonly bytes: Uint8Array };
  readonly streams: readonly ReadyStream[];
}

/** The server's own address for each IP version it sends over. */
export interface OwnAddresses {
  readonly 4?: IpAddress | undefined;
  readonly 6?: IpAddress | undefined;
}
