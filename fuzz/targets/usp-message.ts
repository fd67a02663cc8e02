import { decodeMsg, defaultMaxRecordBytes, encodeMsg, errorMsg, maxMsgIdLength } from '@sluice/wire/usp';
import { protobuf } from '../formats/protobuf.ts';
import { tree } from '../mutate/tree.ts';
import { promise, promiseSame, refused, type Target, taken } from '../target.ts';
import { answerSeeds, requestSeeds, uspWords } from './usp-samples.ts';

/** USP messages, the payload of records: `decodeMsg`. */
export const uspMessage: Target = {
  name: 'usp-message',
  mostBytes: defaultMaxRecordBytes,
  seeds: [...requestSeeds, ...answerSeeds],
  words: uspWords,
  mutators: [tree(protobuf)],
  feed(input) {
    const decoded = decodeMsg(input);
    if (!decoded.ok) {
      const { answerTo, offset, message } = decoded.failure;
      promise(offset >= 0 && offset <= input.length, 'a failure is somewhere in the input');
      if (answerTo !== undefined) {
        promise(answerTo !== '' && answerTo.length <= maxMsgIdLength, 'an Error answers an id of bounded length');
        promise(decodeMsg(encodeMsg(errorMsg(answerTo, 7004, message))).ok, 'the Error that answers can be read');
      }
      return refused(`${answerTo === undefined ? '' : 'answered '}${message.slice(0, 60)}`);
    }
    const bytes = encodeMsg(decoded.value);
    const again = decodeMsg(bytes);
    promise(again.ok, 'a message that was read can be written and read again');
    promiseSame(encodeMsg(again.value), bytes, 'a message stays the same when written and read');
    const body = decoded.value.body?.msgBody;
    const member =
      body?.case === 'request' ? body.value.reqType : body?.case === 'response' ? body.value.respType : body;
    return taken(`${body?.case} ${member?.case}`);
  },
};
