import { z } from 'zod';
import type { AuditSettings } from './audit-log.ts';
import { mostUnsealed } from './seal-check.ts';

/** The section `audit` of a part's configuration file. */
export const auditSection = z.strictObject({
  /** Made where there is none. Of this part alone. */
  directory: z.string().min(1),
  /** What was written is signed after so many lines, and ... */
  checkpointLines: z.number().int().min(1).max(mostUnsealed).default(1_000),
  /** ... at the latest so long after a line. */
  checkpointSeconds: z.number().int().min(1).max(86_400).default(10),
  /** Another file is begun each day (UTC), and when one is as large as this. */
  fileMegabytes: z.number().int().min(1).max(4_096).default(64),
  /** Files that ended longer ago are removed, which the log tells; left out, none is. */
  keepDays: z.number().int().min(1).max(36_500).optional(),
});

/** What a section says, as the log takes it. */
export function auditSettings(section: z.infer<typeof auditSection>): AuditSettings {
  const { directory, checkpointLines, checkpointSeconds, fileMegabytes, keepDays } = section;
  return {
    directory,
    checkpointLines,
    checkpointMs: checkpointSeconds * 1_000,
    fileBytes: fileMegabytes * 1024 * 1024,
    ...(keepDays !== undefined && { keepDays }),
  };
}
