import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { isEndpointId } from './endpoint-id.ts';
import { type Decoded, failed } from './failure.ts';
import { type UspRecord, UspRecordSchema } from './generated/usp-record_pb.ts';
import { scan, shapeOf } from './scan.ts';

/** Version that our records carry. */
export const recordVersion = '1.4';

/** Longest record that is taken unless a limit is given: 1 MiB. */
export const defaultMaxRecordBytes = 1 << 20;

const recordShape = shapeOf(UspRecordSchema);

/** The member of a record that says what it is. */
export type RecordType = NonNullable<MessageInitShape<typeof UspRecordSchema>['recordType']>;

/** A record from one endpoint to another, over a transport that proves the sender (no signature: R-E2E.28). */
export function makeRecord(fromId: string, toId: string, recordType: RecordType): UspRecord {
  return create(UspRecordSchema, { version: recordVersion, fromId, toId, recordType });
}

/** A record that carries an encoded message, without session context. */
export function messageRecord(fromId: string, toId: string, payload: Uint8Array): UspRecord {
  return makeRecord(fromId, toId, { case: 'noSessionContext', value: { payload } });
}

/** What an agent sends first on a WebSocket (R-MTP.6). */
export function connectRecord(fromId: string, toId: string): UspRecord {
  return makeRecord(fromId, toId, { case: 'websocketConnect', value: {} });
}

/** Tells why the sender leaves, or what was wrong with a record; codes 7100.. (R-MTP.7). */
export function disconnectRecord(fromId: string, toId: string, reasonCode: number, reason: string): UspRecord {
  return makeRecord(fromId, toId, { case: 'disconnect', value: { reasonCode, reason } });
}

/** Bytes of a record. */
export function encodeRecord(record: UspRecord): Uint8Array {
  return toBinary(UspRecordSchema, record);
}

/**
 * Reads a record. The payload shares memory with `bytes`. Refused: more than `maxBytes`, versions other than 1.x,
 * ids that are no endpoint ids, and a record type that is missing or there twice (R-ENC.4).
 */
export function decodeRecord(bytes: Uint8Array, maxBytes = defaultMaxRecordBytes): Decoded<UspRecord> {
  if (bytes.length > maxBytes) return failed('too-large', `${bytes.length} bytes, at most ${maxBytes}`, maxBytes);
  const wrong = scan(recordShape, bytes);
  if (wrong) return { ok: false, failure: wrong };
  const value = fromBinary(UspRecordSchema, bytes);
  if (!/^1\.\d{1,3}$/.test(value.version)) return failed('version', 'the record version is not 1.x', 0);
  if (!isEndpointId(value.toId)) return failed('endpoint-id', 'to_id is no endpoint id', 0);
  if (!isEndpointId(value.fromId)) return failed('endpoint-id', 'from_id is no endpoint id', 0);
  return { ok: true, value };
}
