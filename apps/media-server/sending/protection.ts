import { randomBytes } from 'node:crypto';
import type { MediaKeys, StreamProtection } from '@sluice/api';
import { type Refusal, refuse } from '@sluice/model';
import { masterLength, SrtpReceiver, SrtpSender, srtpSuites } from '@sluice/wire/srtp';
import type { ReadyStream } from '../contents/content.ts';

/**
 * Whether RTP goes out as SRTP: to nobody else; to whoever takes it, and to others in the clear; to nobody, as where the
 * network itself is protected.
 */
export type ProtectionPolicy = 'required' | 'preferred' | 'off';

/** What protects one RTP stream and its RTCP for one viewer. */
export interface Shield {
  readonly sender: SrtpSender;
  readonly receiver: SrtpReceiver;
}

/** How the streams of one start go out. */
export interface Protection {
  /** By RTP stream. */
  readonly shields: ReadonlyMap<string, Shield>;
  /** By stream. */
  readonly streams: Readonly<Record<string, StreamProtection>>;
  readonly keys: MediaKeys;
}

/**
 * Makes keys for each RTP stream, one for each direction, of the best suite that both know. Refused where the policy
 * wants that and there is none.
 */
export function protect(
  streams: readonly ReadyStream[],
  offered: readonly string[],
  policy: ProtectionPolicy,
): Protection | Refusal {
  const suite = policy === 'off' ? undefined : srtpSuites.find((known) => offered.includes(known));
  const rtp = streams.filter(({ streamType }) => streamType === 'rtp');
  if (policy === 'required' && suite === undefined && rtp[0]) {
    return refuse('protection-missing', `${noSuiteInCommon}, and it sends RTP in no other way`, rtp[0].id);
  }
  const clearRtp = policy === 'off' ? sentInTheClear : suite === undefined ? noSuiteInCommon : undefined;
  const named = streams.map(({ id, streamType }): [string, StreamProtection] => {
    const clearBecause = streamType === 'tcp' ? overTcp : clearRtp;
    return [id, clearBecause === undefined ? { protection: 'srtp' } : { protection: 'clear', clearBecause }];
  });
  const shields = new Map<string, Shield>();
  const keys: MediaKeys = {};
  if (suite === undefined) return { shields, keys, streams: Object.fromEntries(named) };
  for (const { id } of rtp) {
    const [server, appliance] = [randomBytes(masterLength(suite)), randomBytes(masterLength(suite))];
    keys[id] = { suite, server: server.toString('base64'), appliance: appliance.toString('base64') };
    shields.set(id, { sender: new SrtpSender(suite, server), receiver: new SrtpReceiver(suite, appliance) });
  }
  return { shields, keys, streams: Object.fromEntries(named) };
}

const overTcp = 'SRTP protects RTP, and this stream is sent over TCP';
const sentInTheClear = 'the media server is set to send everything in the clear';
const noSuiteInCommon = `the appliance offers no SRTP that the media server has (${srtpSuites.join(', ')})`;
