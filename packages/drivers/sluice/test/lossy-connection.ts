import type { UspConnection } from '@sluice/mtp';
import { decodeMsg, type UspRecord } from '@sluice/wire/usp';

/** A connection that loses one request, or one answer, when told to. */
export interface LossyConnection extends UspConnection {
  loseNextRequest(): void;
  loseNextAnswer(): void;
}

/** The controller's end of `connection`, which loses what it is told to lose. */
export function lossy(connection: UspConnection): LossyConnection {
  let requests = 0;
  let answers = 0;
  return {
    local: connection.local,
    peer: connection.peer,
    closed: connection.closed,
    close: (code, reason) => connection.close(code, reason),
    send(record) {
      if (requests === 0) return connection.send(record);
      requests--;
      return true;
    },
    receive: (receiver) =>
      connection.receive((record) => {
        if (answers > 0 && isAnswer(record)) answers--;
        else receiver(record);
      }),
    loseNextRequest: () => {
      requests++;
    },
    loseNextAnswer: () => {
      answers++;
    },
  };
}

function isAnswer({ recordType }: UspRecord): boolean {
  if (recordType.case !== 'noSessionContext') return false;
  const decoded = decodeMsg(recordType.value.payload);
  return decoded.ok && decoded.value.body?.msgBody.case !== 'request';
}
