import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Instant } from '@sluice/model';
import { type Line, readLine } from '../line.ts';
import { logFiles } from './names.ts';
import { readLines } from './read-lines.ts';

/** Which lines are wanted; what is left out does not narrow. */
export interface LineQuery {
  /** Noted at this moment or later, and ... */
  readonly from?: Instant | undefined;
  /** ... before this one. */
  readonly to?: Instant | undefined;
  readonly kinds?: readonly string[] | undefined;
  readonly gateway?: string | undefined;
  readonly appliance?: string | undefined;
  readonly session?: string | undefined;
}

/** A line as it stands in its file, read. */
export interface SelectedLine {
  readonly text: string;
  readonly line: Line;
}

/** The lines of a log, or of one file of it, that are wanted; `unreadable` hears of what is no line. Throws where it cannot be read. */
export async function* selectLines(
  path: string,
  query: LineQuery,
  unreadable: () => void,
  signal: AbortSignal,
): AsyncGenerator<SelectedLine> {
  const whole = (await stat(path)).isDirectory();
  const directory = whole ? path : dirname(path);
  const names = whole ? (await logFiles(path)).map(({ name }) => name) : [basename(path)];
  for (const name of names) {
    for await (const stretch of readLines(join(directory, name), signal)) {
      for (const { bytes, torn } of stretch) {
        const line = readLine(bytes);
        if (!line || torn) unreadable();
        else if (isWanted(line, query)) yield { text: Buffer.from(bytes).toString('utf8'), line };
      }
    }
  }
}

function isWanted({ at, kind, fields }: Line, { from, to, kinds, gateway, appliance, session }: LineQuery): boolean {
  if (kinds && !kinds.includes(kind)) return false;
  const time = Date.parse(at);
  if (from !== undefined && !(time >= from)) return false;
  if (to !== undefined && !(time < to)) return false;
  if (session !== undefined && fields.session !== session) return false;
  // What an operator did names them in `about`.
  const { gatewayId, applianceId } = Object(fields.about) as Record<string, unknown>;
  if (gateway !== undefined && fields.gateway !== gateway && gatewayId !== gateway) return false;
  return appliance === undefined || fields.appliance === appliance || applianceId === appliance;
}
