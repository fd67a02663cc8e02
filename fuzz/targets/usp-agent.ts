import type { UspConnection } from '@sluice/mtp';
import { createAgent } from '@sluice/usp-agent';
import {
  addRequest,
  decodeMsg,
  decodeRecord,
  encodeMsg,
  errorCode,
  type Msg,
  messageRecord,
  requestMsg,
  type UspRecord,
  type UspRequest,
} from '@sluice/wire/usp';
import { interfaces, Openings } from '../../packages/usp-agent/test/home-model.ts';
import { protobuf } from '../formats/protobuf.ts';
import { tree } from '../mutate/tree.ts';
import { Broken, promise, refused, type Target, taken } from '../target.ts';
import { StepClock } from './step-clock.ts';
import { requestSeeds, sampleAgent, sampleController, uspWords } from './usp-samples.ts';

const requests: readonly UspRequest[] = [
  {
    case: 'add',
    value: {
      createObjs: [
        {
          objPath: 'Device.NAT.PortMapping.',
          paramSettings: [
            { param: 'Alias', value: 'b1', required: true },
            { param: 'Interface', value: 'Device.IP.Interface.[Name=="eth0"]', required: true },
            { param: 'Tags', value: 'a, b', required: false },
          ],
        },
      ],
    },
  },
  {
    case: 'add',
    value: {
      createObjs: [
        {
          objPath: 'Device.LocalAgent.Subscription.',
          paramSettings: [
            { param: 'ID', value: 's1', required: true },
            { param: 'Enable', value: 'true', required: true },
            { param: 'NotifType', value: 'ValueChange', required: true },
            { param: 'ReferenceList', value: 'Device.NAT.PortMapping.*.Status,Device.IP.', required: true },
            { param: 'NotifRetry', value: 'true', required: true },
          ],
        },
      ],
    },
  },
  {
    case: 'set',
    value: {
      allowPartial: true,
      updateObjs: [
        {
          objPath: 'Device.LocalAgent.Controller.1.',
          paramSettings: [
            { param: 'PeriodicNotifInterval', value: '1', required: true },
            { param: 'PeriodicNotifTime', value: '2026-01-01T00:00:00Z', required: true },
          ],
        },
        {
          objPath: 'Device.NAT.PortMapping.[Alias=="b0"&&Interface+.Name=="eth0"].',
          paramSettings: [{ param: 'Description', value: 'x', required: true }],
        },
      ],
    },
  },
  { case: 'get', value: { paramPaths: ['Device.NAT.PortMapping.*.Interface+.', 'Device.LocalAgent.'], maxDepth: 0 } },
  { case: 'operate', value: { command: 'Device.NAT.PortMapping.*.Check()', sendResp: true } },
  { case: 'operate', value: { command: 'Device.NAT.X_SLUICE_Scan()', commandKey: 'k', sendResp: true } },
  { case: 'getInstances', value: { objPaths: ['Device.IP.Interface.*.IPv4Address.'], firstLevelOnly: false } },
];

/** A controller's message and the timers that it starts: time that goes by after each. */
const afterwardsMs = 20_000;
const mostTimers = 200;

/** What a controller may send an agent that has rows, subscriptions and references to follow. */
export const uspAgent: Target = {
  name: 'usp-agent',
  mostBytes: 64 << 10,
  seeds: [
    ...requests.map((request) => encodeMsg(requestMsg('m-1', request))),
    ...requestSeeds.filter((_, index) => index !== 1 && index < 8),
  ],
  // Its rows have parameters that this model does not know.
  nearSeeds: requestSeeds.slice(1, 2),
  words: [
    ...uspWords,
    ...['Device.IP.Interface.1', 'eth0', 'ReferenceList', 'NotifType', 'Event', 'Persistent', 'PeriodicNotifInterval'],
    ...[
      '0',
      '-1',
      '1e9',
      '2026-01-01T00:00:00Z',
      '0001-01-01T00:00:00Z',
      'Device.LocalAgent.Controller.1.',
      'Recipient',
    ],
    ...['Device.LocalAgent.Controller.*.BootParameter.', 'ParameterName', 'USPNotifRetryMinimumWaitInterval'],
  ],
  mutators: [tree(protobuf), tree(protobuf)],
  feed(input) {
    const clock = new StepClock();
    const said: Uint8Array[] = [];
    const agent = createAgent({
      endpointId: sampleAgent,
      softwareVersion: '1',
      device: { oui: '012345', productClass: 'Gateway', serialNumber: 'a' },
      controllers: [{ endpointId: sampleController }],
      models: [new Openings(), interfaces()],
      clock,
      log: { debug() {}, info() {}, warn: breakOnInternalError },
      random: () => 0.5,
    });
    const controller = fakeConnection(said);
    agent.attach(controller.connection);
    // A row to address, as an earlier message would have left it.
    controller.deliver(messageRecord(sampleController, sampleAgent, firstMessage));
    const before = said.length;
    controller.deliver(messageRecord(sampleController, sampleAgent, input));
    clock.pass(afterwardsMs, mostTimers);
    agent.close();
    return judgeAnswers(input, said.slice(before));
  },
};

const firstMessage = encodeMsg(
  requestMsg('m-0', addRequest([{ table: 'Device.NAT.PortMapping.', values: { Alias: 'b0', ExternalPort: '20000' } }])),
);

function breakOnInternalError(fields: object, message: string): void {
  if (message === 'internal error') throw new Broken(`internal error: ${JSON.stringify(fields)}`);
}

function fakeConnection(said: Uint8Array[]): { connection: UspConnection; deliver: (record: UspRecord) => void } {
  let receiver: (record: UspRecord) => void = () => {};
  return {
    connection: {
      local: sampleAgent,
      peer: sampleController,
      closed: new Promise(() => {}),
      send(record) {
        said.push(record);
        return true;
      },
      receive(given) {
        receiver = given;
      },
      close() {},
    },
    deliver: (record) => receiver(record),
  };
}

function judgeAnswers(input: Uint8Array, said: readonly Uint8Array[]) {
  const messages: Msg[] = said.flatMap((bytes) => {
    const record = decodeRecord(bytes, Number.POSITIVE_INFINITY);
    promise(record.ok, 'an agent sends records');
    if (record.value.recordType.case !== 'noSessionContext') return [];
    const message = decodeMsg(record.value.recordType.value.payload);
    promise(message.ok, 'an agent sends messages');
    return [message.value];
  });
  const asked = decodeMsg(input);
  if (!asked.ok) return refused(asked.failure.message.slice(0, 40));
  const body = asked.value.body?.msgBody;
  if (body?.case !== 'request') return refused(`${body?.case}`);
  const request = body.value.reqType;
  const answers = messages.filter(
    ({ header, body: answer }) => header?.msgId === asked.value.header?.msgId && answer?.msgBody.case !== 'request',
  );
  const mayBeSilent = request.case === 'operate' && !request.value.sendResp;
  promise(answers.length === 1 || (mayBeSilent && answers.length === 0), 'a request is answered once');
  const answer = answers[0]?.body?.msgBody;
  if (answer?.case === 'error') {
    promise(answer.value.errCode !== errorCode.internalError, 'an agent has no internal error');
    return refused(
      `${request.case} ${answer.value.errCode} ${answer.value.errMsg.replace(/[0-9".]+/g, '').slice(0, 30)}`,
    );
  }
  return taken(`${request.case} ${answer?.case === 'response' ? answer.value.respType.case : ''} ${messages.length}`);
}
