import type { Instant } from '@sluice/model';
import type { Audit } from '../index.ts';
import type { LogRig } from './log-rig.ts';

/** The lines of one session, as a configuration server notes them: asked, opened, closed. */
export function noteSession(audit: Audit, n: number, now: Instant): void {
  const home = 1 + (n % 200);
  const whose = {
    session: `s${n}`,
    request: `r-${n}`,
    appliance: `self::tv-${home}`,
    content: n % 3 === 0 ? 'film' : 'concert',
    portal: 'self::portal-1',
    gateway: `self::gateway-${home}`,
  };
  const streams = ['video', 'video-rtcp', 'audio', 'audio-rtcp', 'subtitles'];
  audit.note('session-asked', { ...whose, from: `203.0.113.${home}:${40_000 + n}`, consent: 'signed', streams: 5 });
  audit.note('session-opened', {
    ...whose,
    consent: 'signed',
    until: new Date(now + 60_000).toISOString(),
    openings: streams.map((stream, index) => ({
      id: `s${n}-${index}`,
      stream,
      remote: `203.0.113.10:${7_000 + index}`,
      global: `203.0.113.${home}:${16_384 + index}`,
      local: `192.168.1.2:${5_000 + index}`,
    })),
  });
  audit.note('session-closed', { ...whose, why: 'content-ended', packets: 100 * n, bytes: 120_000 * n });
}

/** Lets a day pass at a configuration server with so many sessions. */
export async function passDay(
  rig: LogRig,
  audit: Audit & { flushed(): Promise<void> },
  sessions: number,
): Promise<void> {
  const each = 80_000_000 / sessions;
  audit.note('gateway-online', { gateway: 'self::gateway-1' });
  for (let n = 0; n < sessions; n++) {
    noteSession(audit, n, rig.clock.now());
    if (n % 50 === 0) audit.note('operator-acted', { operator: 'self::operator-1', what: 'GET /v1/sessions' });
    await rig.clock.pass(each);
    if (n % 20 === 0) await audit.flushed();
  }
  await audit.flushed();
}
