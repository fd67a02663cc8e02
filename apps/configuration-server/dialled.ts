import { Unreachable, Untrusted } from '@sluice/driver';
import { DialError, type UspConnection } from '@sluice/mtp';

/** A dial's outcome in the words that control acts on: try later, or tell the operator. */
export async function dialled(connection: Promise<UspConnection>): Promise<UspConnection> {
  try {
    return await connection;
  } catch (error) {
    if (!(error instanceof DialError)) throw error;
    const { message } = error;
    throw error.kind === 'untrusted'
      ? new Untrusted(message, { cause: error })
      : new Unreachable(message, { cause: error });
  }
}
