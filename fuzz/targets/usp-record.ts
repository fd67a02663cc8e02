import { decodeRecord, defaultMaxRecordBytes, encodeRecord } from '@sluice/wire/usp';
// The reading end of every connection, without its socket.
import { judge } from '../../packages/mtp/inbound.ts';
import { protobuf } from '../formats/protobuf.ts';
import { tree } from '../mutate/tree.ts';
import { promise, promiseSame, refused, type Target, taken } from '../target.ts';
import { recordSeeds, sampleAgent, sampleController, uspWords } from './usp-samples.ts';

/** RFC 6455 5.5: what a close frame has room for beside its code. */
const longestCloseReason = 123;

/** USP records as they come over a connection: `decodeRecord` and what the connection makes of it. */
export const uspRecord: Target = {
  name: 'usp-record',
  mostBytes: defaultMaxRecordBytes,
  seeds: recordSeeds,
  words: uspWords,
  mutators: [tree(protobuf)],
  feed(input) {
    const judged = judge(input, sampleController, sampleAgent, defaultMaxRecordBytes);
    if (judged.kind === 'close') {
      promise(Buffer.byteLength(judged.reason) <= longestCloseReason, 'a close reason fits its frame');
    }
    const decoded = decodeRecord(input);
    if (!decoded.ok) {
      const { reason, offset } = decoded.failure;
      promise(offset >= 0 && offset <= input.length, 'a failure is somewhere in the input');
      return refused(decoded.failure.message.slice(0, 40) || reason);
    }
    const bytes = encodeRecord(decoded.value);
    const again = decodeRecord(bytes, bytes.length);
    promise(again.ok, 'a record that was read can be written and read again');
    promiseSame(encodeRecord(again.value), bytes, 'a record stays the same when written and read');
    return taken(`${judged.kind} ${decoded.value.recordType.case}`);
  },
};
