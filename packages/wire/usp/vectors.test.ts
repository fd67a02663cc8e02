import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import {
  CmdType,
  decodeMsg,
  decodeRecord,
  disconnectRecord,
  encodeMsg,
  encodeRecord,
  errorMsg,
  type Msg,
  makeRecord,
  messageRecord,
  ObjAccessType,
  ParamAccessType,
  ParamValueType,
  PayloadSarState,
  requestMsg,
  responseMsg,
  type UspRecord,
  UspRecordSchema,
  ValueChangeType,
} from './index.ts';

// Made by `buf convert` from JSON with the Broadband Forum's own schemas (usp-msg-1-4, usp-record-1-4).
const messages: readonly [name: string, hex: string, msg: Msg][] = [
  [
    'Get',
    '0a050a0137100112270a250a230a1c4465766963652e4c6f63616c4167656e742e456e64706f696e7449441502000000',
    requestMsg('7', { case: 'get', value: { paramPaths: ['Device.LocalAgent.EndpointID'], maxDepth: 2 } }),
  ],
  [
    'Add',
    '0a090a056164642d311008123f0a3d2a3b080112370a174465766963652e4e41542e506f72744d617070696e672e120c0a05416c69617312016118' +
      '01120e0a06456e61626c65120474727565',
    requestMsg('add-1', {
      case: 'add',
      value: {
        allowPartial: true,
        createObjs: [
          {
            objPath: 'Device.NAT.PortMapping.',
            paramSettings: [
              { param: 'Alias', value: 'a', required: true },
              { param: 'Enable', value: 'true' },
            ],
          },
        ],
      },
    }),
  ],
  [
    'AddResp',
    '0a090a056164642d311009125d125b2a590a570a174465766963652e4e41542e506f72744d617070696e672e123c123a0a194465766963652e4e41' +
      '542e506f72744d617070696e672e312e12110a06456e61626c6515641b00001a026e6f1a0a0a05416c696173120161',
    responseMsg('add-1', {
      case: 'addResp',
      value: {
        createdObjResults: [
          {
            requestedPath: 'Device.NAT.PortMapping.',
            operStatus: {
              operStatus: {
                case: 'operSuccess',
                value: {
                  instantiatedPath: 'Device.NAT.PortMapping.1.',
                  paramErrs: [{ param: 'Enable', errCode: 7012, errMsg: 'no' }],
                  uniqueKeys: { Alias: 'a' },
                },
              },
            },
          },
        ],
      },
    }),
  ],
  [
    'Error',
    '0a030a017812211a1f0d721b000012026e6f1a140a094465766963652e582e15721b00001a026e6f',
    errorMsg('x', 7026, 'no', [{ paramPath: 'Device.X.', errCode: 7026, errMsg: 'no' }]),
  ],
  [
    'Notify',
    '0a050a016e1003122b0a2942270a017310013a200a074465766963652e12085265626f6f7428291a016b2a080d6f1b0000120163',
    requestMsg('n', {
      case: 'notify',
      value: {
        subscriptionId: 's',
        sendResp: true,
        notification: {
          case: 'operComplete',
          value: {
            objPath: 'Device.',
            commandName: 'Reboot()',
            commandKey: 'k',
            operationResp: { case: 'cmdFailure', value: { errCode: 7023, errMsg: 'c' } },
          },
        },
      },
    }),
  ],
  [
    'GetSupportedDMResp',
    '0a050a0167100d1246124412420a400a074465766963652e2201752a320a0d4465766963652e582e7b697d2e10011801220d0a034328291201691a' +
      '016f200232090a01501001180a200242030a0150',
    responseMsg('g', {
      case: 'getSupportedDmResp',
      value: {
        reqObjResults: [
          {
            reqObjPath: 'Device.',
            dataModelInstUri: 'u',
            supportedObjs: [
              {
                supportedObjPath: 'Device.X.{i}.',
                access: ObjAccessType.OBJ_ADD_DELETE,
                isMultiInstance: true,
                supportedParams: [
                  {
                    paramName: 'P',
                    access: ParamAccessType.PARAM_READ_WRITE,
                    valueType: ParamValueType.PARAM_UNSIGNED_LONG,
                    valueChange: ValueChangeType.VALUE_CHANGE_WILL_IGNORE,
                  },
                ],
                supportedCommands: [
                  { commandName: 'C()', inputArgNames: ['i'], outputArgNames: ['o'], commandType: CmdType.CMD_ASYNC },
                ],
                uniqueKeySets: [{ keyNames: ['P'] }],
              },
            ],
          },
        ],
      },
    }),
  ],
];

const session = {
  sessionId: 2n ** 64n - 1n,
  sequenceId: 1n,
  expectedId: 2n,
  payloadSarState: PayloadSarState.BEGIN,
  payload: [new Uint8Array([1]), new Uint8Array([2])],
};
const records: readonly [name: string, hex: string, record: UspRecord][] = [
  [
    'no session context',
    '0a03312e33120773656c663a3a611a0870726f746f3a3a623a051203010203',
    create(UspRecordSchema, {
      ...messageRecord('proto::b', 'self::a', new Uint8Array([1, 2, 3])),
      version: '1.3',
    }),
  ],
  [
    'disconnect',
    '0a03312e34120773656c663a3a611a0870726f746f3a3a6262080a017215c11b0000',
    disconnectRecord('proto::b', 'self::a', 7105, 'r'),
  ],
  [
    'session context',
    '0a03312e34120773656c663a3a611a0870726f746f3a3a62421708ffffffffffffffffff011001180228013a01013a0102',
    makeRecord('proto::b', 'self::a', { case: 'sessionContext', value: session }),
  ],
];

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (encoded: Uint8Array) => Buffer.from(encoded).toString('hex');

for (const [name, text, msg] of messages) {
  test(`${name}: bytes both ways, and no shorter`, () => {
    assert.equal(hex(encodeMsg(msg)), text);
    const decoded = decodeMsg(bytes(text));
    assert.ok(decoded.ok);
    assert.deepEqual(decoded.value, msg);
    for (let length = 0; length < text.length / 2; length++) {
      const cut = decodeMsg(bytes(text).subarray(0, length));
      assert.equal(cut.ok, false, `${length} bytes`);
    }
  });
}

for (const [name, text, record] of records) {
  test(`record, ${name}: bytes both ways, and no shorter`, () => {
    assert.equal(hex(encodeRecord(record)), text);
    const decoded = decodeRecord(bytes(text));
    assert.ok(decoded.ok);
    assert.equal(hex(encodeRecord(decoded.value)), text);
    for (let length = 0; length < text.length / 2; length++) {
      assert.equal(decodeRecord(bytes(text).subarray(0, length)).ok, false, `${length} bytes`);
    }
  });
}
