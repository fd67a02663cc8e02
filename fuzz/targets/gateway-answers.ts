import { familyOf, isPort, type Opening, parsePrefix } from '@sluice/model';
import { answerIn, decodeMsg } from '@sluice/wire/usp';
import { grantOf, missingParameters } from '../../packages/drivers/sluice/grants.ts';
import { heldOpening } from '../../packages/drivers/sluice/held-rows.ts';
import { notificationIn } from '../../packages/usp-controller/notification.ts';
import { supportedModelIn } from '../../packages/usp-controller/supported-model.ts';
import { networksIn } from '../../packages/usp-gateway/addresses.ts';
import { createdRows, deletedAll, missedBySet, refusalIn, rowsIn } from '../../packages/usp-gateway/answers.ts';
import { protobuf } from '../formats/protobuf.ts';
import { tree } from '../mutate/tree.ts';
import { promise, refused, type Target, taken } from '../target.ts';
import { answerSeeds, requestSeeds, uspWords } from './usp-samples.ts';

const opening: Opening = {
  id: 'a1',
  streamType: 'rtp',
  payloadType: 96,
  remote: { address: '203.0.113.10', port: 7000 },
  local: { port: 5000 },
  until: 60_000,
};
const openings = [opening];

/** What a gateway says, as the configuration server reads it: rows, addresses, grants, models, notifications. */
export const gatewayAnswers: Target = {
  name: 'gateway-answers',
  mostBytes: 256 << 10,
  seeds: [...answerSeeds, ...requestSeeds.slice(-3)],
  words: [
    ...uspWords,
    ...['255.255.255.0', '255.0.255.0', '1.2.3', '0.0.0.0', '999', '::ffff:1.2.3.4', '-1', 'Controller', 'Origin'],
    ...[
      'SubnetMask',
      'IPAddress',
      '999999999999999',
      '2001:db8::1',
      '0x4000',
      'ExternalPort',
      'RemainingLeaseTime',
      'Device.IP.Interface.1.IPv4Address.9.',
      '128',
    ],
  ],
  mutators: [tree(protobuf)],
  feed(input) {
    const decoded = decodeMsg(input);
    if (!decoded.ok) return refused('no message');
    const body = decoded.value.body?.msgBody;
    if (body?.case === 'request' && body.value.reqType.case === 'notify') {
      return taken(`notify ${notificationIn(body.value.reqType.value)?.kind}`);
    }
    const answer = answerIn(decoded.value);
    if (!answer) return refused('no answer');
    if (answer.kind === 'error') return taken(refusalIn(answer, openings).code);
    supportedModelIn(answer);
    deletedAll(answer);
    missedBySet(answer, openings);
    const rows = rowsIn(answer) ?? [];
    const networks = networksIn(rows);
    for (const { address, length } of networks.addresses.local) {
      const prefix = parsePrefix(`${address}/${length}`);
      promise(prefix?.address === address && prefix.length === length, 'a network of a gateway is a prefix');
    }
    const held = rows.flatMap((row) => heldOpening(row, 0) ?? []);
    for (const { opening: one } of held) {
      promise(isPort(one.globalPort) && isPort(one.local.port), 'an opening has ports');
      const { payloadType } = one;
      promise(payloadType === undefined || payloadType <= 127, 'a payload type has seven bits');
      promise(Number.isSafeInteger(one.until), 'an opening has an end');
      const families = [one.remote.address, one.global.address, one.local.address].map(familyOf);
      promise(new Set(families).size === 1, 'an opening is of one IP version');
    }
    const created = createdRows(answer, openings)?.[0];
    if (!created) return taken(`${answer.response.case} ${rows.length} ${held.length}`);
    const granted = grantOf(opening, created, rows, networks);
    if (granted) {
      promise(isPort(granted.globalPort), 'what is granted has a port');
      promise(familyOf(granted.local.address) === 4 && familyOf(granted.global.address) === 4, 'IPv4 stays IPv4');
    }
    return taken(`created ${missingParameters(opening, created, networks).length} ${granted !== undefined}`);
  },
};
