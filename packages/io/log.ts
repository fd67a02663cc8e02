import { pino } from 'pino';

/** Structured logger: `log.info({ sessionId }, 'opened')`. Never given a secret. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Log;
}

/** Names whose values are secrets wherever they stand, at most one level deep: a belt beside the braces of never giving any. */
const secretNames = [
  'key',
  'keyPem',
  'token',
  'password',
  'passphrase',
  'secret',
  'privateKey',
  'authorization',
  'communication',
];
const redact = secretNames.flatMap((name) => [name, `*.${name}`]);

/** JSON lines on stderr, one an event, with the part's name. `level` is a pino level. */
export function openLog(part: string, level = 'info'): Log {
  return pino(
    { base: { part }, level, timestamp: pino.stdTimeFunctions.isoTime, redact },
    pino.destination({ fd: 2, sync: true }),
  );
}

/** A log that forgets, for tests. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};
