import { decodeRecord, type UspRecord } from '@sluice/wire/usp';
import { closeCode } from './connection.ts';

/** What to do with bytes that arrived: deliver the record, ignore them, or end the connection. */
export type Inbound =
  | { readonly kind: 'record'; readonly record: UspRecord }
  | { readonly kind: 'ignore'; readonly reason: string }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string };

/** Judges one message of a connection between two endpoints (TR-369 R-WS.16, R-E2E.1, R-SEC.22). */
export function judge(bytes: Uint8Array, local: string, peer: string, maxRecordBytes: number): Inbound {
  const decoded = decodeRecord(bytes, maxRecordBytes);
  if (!decoded.ok) {
    const { reason, offset } = decoded.failure;
    if (reason === 'too-large') return { kind: 'close', code: closeCode.tooLarge, reason };
    return { kind: 'close', code: closeCode.unusable, reason: `${reason} at ${offset}` };
  }
  const record = decoded.value;
  if (record.fromId !== peer) return { kind: 'close', code: closeCode.policy, reason: 'from_id is not the peer' };
  if (record.toId !== local) return { kind: 'ignore', reason: 'to_id is another endpoint' };
  return { kind: 'record', record };
}
