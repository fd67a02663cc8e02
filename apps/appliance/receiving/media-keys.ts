import type { ContentAnswer } from '@sluice/api';
import { type Refusal, refuse } from '@sluice/model';
import { SrtpReceiver, SrtpSender } from '@sluice/wire/srtp';

/** Whether RTP is to come as SRTP: in no other way; where the server has it; or not at all. */
export type WantedProtection = 'required' | 'preferred' | 'off';

/** What one RTP stream and its RTCP are opened with, and what goes back is protected with. */
export interface Lock {
  readonly receiver: SrtpReceiver;
  readonly sender: SrtpSender;
}

/** The id of the RTP stream whose keys a stream has. */
export function keyedBy({ id, pairedWith }: ContentAnswer['streams'][number]): string {
  return pairedWith ?? id;
}

/** The locks by RTP stream; refused where the verdict does not fit what was asked, or lacks a key. */
export function locksOf(
  { streams, keys = {} }: ContentAnswer,
  wanted: WantedProtection,
): ReadonlyMap<string, Lock> | Refusal {
  const locks = new Map<string, Lock>();
  for (const stream of streams) {
    const { id, streamType, protection = 'clear' } = stream;
    if (protection === 'clear') {
      if (wanted !== 'required' || streamType === 'tcp') continue;
      const why = stream.clearBecause ?? 'the portal does not say why';
      return refuse('protection-missing', `${id} would come in the clear: ${why}`, id);
    }
    const given = keys[keyedBy(stream)];
    if (!given) return refuse('part-unreachable', `the portal says that ${id} is protected, and gives no key`, id);
    if (locks.has(keyedBy(stream))) continue;
    const { suite, server, appliance } = given;
    const receiver = new SrtpReceiver(suite, Buffer.from(server, 'base64'));
    locks.set(keyedBy(stream), { receiver, sender: new SrtpSender(suite, Buffer.from(appliance, 'base64')) });
  }
  return locks;
}
