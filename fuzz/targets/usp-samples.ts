import {
  addRequest,
  connectRecord,
  deleteRequest,
  disconnectRecord,
  encodeMsg,
  encodeRecord,
  errorMsg,
  getInstancesRequest,
  getRequest,
  getSupportedModelRequest,
  getSupportedProtocolRequest,
  keyed,
  messageRecord,
  openingParameter,
  operateRequest,
  portMappingTable,
  requestMsg,
  responseMsg,
  setRequest,
  type UspRequest,
  type UspResponse,
} from '@sluice/wire/usp';

/** The two ends of the sample records. */
export const sampleAgent = 'self::gateway-1';
export const sampleController = 'self::configuration-1';

const row = {
  Alias: 'a1',
  Enable: 'true',
  Interface: 'Device.IP.Interface.1',
  RemoteHost: '203.0.113.10',
  Protocol: 'UDP',
  InternalClient: '192.168.1.2',
  InternalPort: '5000',
  LeaseDuration: '10',
  [openingParameter.streamType]: 'rtp',
  [openingParameter.payloadType]: '96',
  [openingParameter.portGroup]: 'g1',
  [openingParameter.portOffset]: '0',
  [openingParameter.requestFlow]: '203.0.113.20 8443 203.0.113.1 40001',
};

/** One request of each kind that a controller sends, and that an agent does. */
export const sampleRequests: readonly UspRequest[] = [
  getRequest(['Device.', 'Device.NAT.PortMapping.*.', keyed(portMappingTable, { Alias: 'a"1%' })], 2),
  addRequest([
    { table: portMappingTable, values: row },
    { table: portMappingTable, values: { ...row, Alias: 'a2', [openingParameter.portOffset]: '1' } },
  ]),
  setRequest([{ path: keyed(portMappingTable, { Alias: 'a1' }), values: { LeaseDuration: '60' } }]),
  deleteRequest([keyed(portMappingTable, { Alias: 'a1' }), 'Device.NAT.PortMapping.2.']),
  operateRequest('Device.NAT.X_SLUICE_FreePorts()', { Protocol: 'UDP', Count: '2', Paired: 'true' }, 'key'),
  getInstancesRequest(['Device.NAT.PortMapping.', 'Device.IP.Interface.']),
  getSupportedProtocolRequest(),
  getSupportedModelRequest(['Device.NAT.']),
  {
    case: 'notify',
    value: {
      subscriptionId: 's1',
      sendResp: true,
      notification: {
        case: 'event',
        value: { objPath: 'Device.', eventName: 'Boot!', params: { Cause: 'LocalReboot', CommandKey: '' } },
      },
    },
  },
  {
    case: 'notify',
    value: { notification: { case: 'valueChange', value: { paramPath: 'Device.IP.Status', paramValue: 'Up' } } },
  },
  {
    case: 'notify',
    value: {
      notification: {
        case: 'operComplete',
        value: {
          objPath: 'Device.NAT.',
          commandName: 'X_SLUICE_Scan()',
          commandKey: 'k',
          operationResp: { case: 'reqOutputArgs', value: { outputArgs: { Found: '3' } } },
        },
      },
    },
  },
];

const created = {
  Alias: 'a1',
  ExternalPort: '16384',
  InternalClient: '192.168.1.2',
  [openingParameter.externalAddress]: '203.0.113.1',
};

/** Responses as a gateway gives them. */
export const sampleResponses: readonly UspResponse[] = [
  {
    case: 'getResp',
    value: {
      reqPathResults: [
        {
          requestedPath: 'Device.IP.Interface.',
          resolvedPathResults: [
            { resolvedPath: 'Device.IP.Interface.1.', resultParams: { Name: 'wan0', Type: 'Ethernet' } },
            {
              resolvedPath: 'Device.IP.Interface.1.IPv4Address.1.',
              resultParams: { Enable: 'true', IPAddress: '203.0.113.1', SubnetMask: '255.255.255.0' },
            },
            {
              resolvedPath: 'Device.IP.Interface.2.IPv4Address.1.',
              resultParams: { IPAddress: '192.168.1.1', SubnetMask: '255.255.255.0' },
            },
            {
              resolvedPath: 'Device.IP.Interface.2.IPv6Prefix.1.',
              resultParams: { Prefix: '2001:db8:100::/64', Enable: 'true' },
            },
          ],
        },
        {
          requestedPath: 'Device.NAT.InterfaceSetting.',
          resolvedPathResults: [
            { resolvedPath: 'Device.NAT.InterfaceSetting.1.', resultParams: { Interface: 'Device.IP.Interface.1' } },
          ],
        },
      ],
    },
  },
  {
    case: 'getResp',
    value: {
      reqPathResults: [
        {
          requestedPath: portMappingTable,
          resolvedPathResults: [
            {
              resolvedPath: `${portMappingTable}1.`,
              resultParams: {
                ...row,
                ...created,
                Origin: 'Controller',
                RemainingLeaseTime: '9',
                [openingParameter.packets]: '12',
                [openingParameter.bytes]: '3400',
                [openingParameter.remotePort]: '7000',
              },
            },
          ],
        },
        {
          requestedPath: 'Device.Firewall.Pinhole.',
          resolvedPathResults: [
            {
              resolvedPath: 'Device.Firewall.Pinhole.1.',
              resultParams: {
                Alias: 'a2',
                Origin: 'Controller',
                SourcePrefixes: '2001:db8:1::10/128',
                SourcePort: '7002',
                DestIP: '2001:db8:100::2',
                DestPort: '5002',
                [openingParameter.streamType]: 'tcp',
              },
            },
          ],
        },
      ],
    },
  },
  {
    case: 'addResp',
    value: {
      createdObjResults: [
        {
          requestedPath: portMappingTable,
          operStatus: {
            operStatus: {
              case: 'operSuccess',
              value: { instantiatedPath: `${portMappingTable}1.`, uniqueKeys: created },
            },
          },
        },
      ],
    },
  },
  {
    case: 'setResp',
    value: {
      updatedObjResults: [
        {
          requestedPath: 'Device.NAT.PortMapping.[Alias=="a1"].',
          operStatus: {
            operStatus: {
              case: 'operSuccess',
              value: {
                updatedInstResults: [{ affectedPath: `${portMappingTable}1.`, updatedParams: { LeaseDuration: '60' } }],
              },
            },
          },
        },
      ],
    },
  },
  {
    case: 'deleteResp',
    value: {
      deletedObjResults: [
        {
          requestedPath: `${portMappingTable}1.`,
          operStatus: { operStatus: { case: 'operSuccess', value: { affectedPaths: [`${portMappingTable}1.`] } } },
        },
      ],
    },
  },
  {
    case: 'operateResp',
    value: {
      operationResults: [
        {
          executedCommand: 'Device.NAT.X_SLUICE_FreePorts()',
          operationResp: { case: 'reqOutputArgs', value: { outputArgs: { Ports: '16384,16385' } } },
        },
      ],
    },
  },
  {
    case: 'getSupportedDmResp',
    value: {
      reqObjResults: [
        {
          reqObjPath: 'Device.NAT.',
          supportedObjs: [
            {
              supportedObjPath: 'Device.NAT.PortMapping.{i}.',
              isMultiInstance: true,
              supportedParams: [{ paramName: 'Alias' }],
              supportedCommands: [{ commandName: 'X()', inputArgNames: ['A'], outputArgNames: ['B'] }],
              supportedEvents: [{ eventName: 'Y!', argNames: ['C'] }],
              uniqueKeySets: [{ keyNames: ['Alias'] }],
            },
          ],
        },
      ],
    },
  },
  { case: 'getSupportedProtocolResp', value: { agentSupportedProtocolVersions: '1.3,1.4' } },
];

const refusal = errorMsg('m', 7004, 'invalid arguments', [
  { paramPath: 'Device.NAT.PortMapping.ExternalPort', errCode: 7025, errMsg: 'port taken' },
]);

/** Encoded requests. */
export const requestSeeds: readonly Uint8Array[] = sampleRequests.map((request) =>
  encodeMsg(requestMsg('m-1', request)),
);

/** Encoded answers: responses, and an Error. */
export const answerSeeds: readonly Uint8Array[] = [
  ...sampleResponses.map((response) => encodeMsg(responseMsg('m-1', response))),
  encodeMsg(refusal),
];

/** Encoded records of every kind that we take. */
export const recordSeeds: readonly Uint8Array[] = [
  connectRecord(sampleAgent, sampleController),
  disconnectRecord(sampleAgent, sampleController, 7105, 'going away'),
  ...[...requestSeeds.slice(0, 3), ...answerSeeds.slice(2, 4)].map((payload) =>
    messageRecord(sampleAgent, sampleController, payload),
  ),
].map(encodeRecord);

/** Words that USP speaks. */
export const uspWords: readonly string[] = [
  ...['Device.', 'Device.NAT.PortMapping.', 'Alias', 'Device.LocalAgent.Subscription.', 'Interface+', '#*+', '{i}.'],
  ...['[Alias=="a1"]', '*.', '&&', '==', '~=', '"', '()', '!', '%22', '%25', '4294967295', 'self::a', '1.4', '2.0'],
  ...['true', '\ufeff', '__proto__'],
];
