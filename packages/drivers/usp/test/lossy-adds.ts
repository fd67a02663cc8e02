import type { UspConnection } from '@sluice/mtp';
import { decodeMsg, decodeRecord, type UspRecord } from '@sluice/wire/usp';

/** A connection that loses the next Add, or the answer to it, when told to; what only looks gets through. */
export interface LossyAdds extends UspConnection {
  loseNextRequest(): void;
  loseNextAnswer(): void;
}

/** The controller's end of `connection`. */
export function lossyAdds(connection: UspConnection): LossyAdds {
  let loses: 'request' | 'answer' | undefined;
  const isLost = (record: UspRecord, what: 'request' | 'answer'): boolean => {
    if (loses !== what || kindOf(record) !== what) return false;
    loses = undefined;
    return true;
  };
  return {
    local: connection.local,
    peer: connection.peer,
    closed: connection.closed,
    close: (code, reason) => connection.close(code, reason),
    send(bytes) {
      const decoded = decodeRecord(bytes);
      return (decoded.ok && isLost(decoded.value, 'request')) || connection.send(bytes);
    },
    receive: (receiver) =>
      connection.receive((record) => {
        if (!isLost(record, 'answer')) receiver(record);
      }),
    loseNextRequest: () => {
      loses = 'request';
    },
    loseNextAnswer: () => {
      loses = 'answer';
    },
  };
}

function kindOf({ recordType }: UspRecord): 'request' | 'answer' | undefined {
  if (recordType.case !== 'noSessionContext') return undefined;
  const decoded = decodeMsg(recordType.value.payload);
  const body = decoded.ok ? decoded.value.body?.msgBody : undefined;
  if (body?.case === 'request' && body.value.reqType.case === 'add') return 'request';
  return body?.case === 'response' && body.value.respType.case === 'addResp' ? 'answer' : undefined;
}
