/** Where a connection tells what happened to it; any structured logger of this shape will do. */
export interface EventLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
