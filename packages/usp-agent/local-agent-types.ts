import type { ObjectType, ParameterType } from './data-model.ts';

const localAgent = 'Device.LocalAgent.';

/** Tables of the agent itself (TR-181 Device.LocalAgent). */
export const agentTable = {
  controller: `${localAgent}Controller.`,
  mtp: `${localAgent}MTP.`,
  subscription: `${localAgent}Subscription.`,
  request: `${localAgent}Request.`,
  role: `${localAgent}ControllerTrust.Role.`,
} as const;

const readOnly = (name: string, type: ParameterType['type'] = 'string'): ParameterType => ({
  name,
  type,
  access: 'readOnly',
});

/** TR-106 Alias: a controller's begins with a letter, and only the agent's own with "cpe-". */
const alias: ParameterType = {
  name: 'Alias',
  type: 'string',
  access: 'writeOnce',
  range: [1, 64],
  pattern: /^(?!cpe-)[A-Za-z]/,
};
const alarmWait: Partial<ParameterType> = { type: 'unsignedInt', access: 'readWrite', range: [1, 65535] };

/** Notification types that can be subscribed to (TR-181 Subscription.{i}.NotifType). */
export const notificationTypes = [
  'ValueChange',
  'ObjectCreation',
  'ObjectDeletion',
  'OperationComplete',
  'Event',
] as const;

/** "Device." and what the agent has by itself. Which controllers there are is local policy, so their table is read-only. */
export function localAgentTypes(reboots: boolean): readonly ObjectType[] {
  return [
    {
      path: 'Device.',
      access: 'readOnly',
      uniqueKeys: [],
      parameters: [readOnly('RootDataModelVersion')],
      commands: [
        ...(reboots ? [{ name: 'Reboot()', input: [{ name: 'Cause' }, { name: 'Reason' }], output: [] }] : []),
        { name: 'ScheduleTimer()', async: true, input: [{ name: 'DelaySeconds', required: true }], output: [] },
      ],
      events: [{ name: 'Boot!', args: ['CommandKey', 'Cause', 'Reason', 'FirmwareUpdated', 'ParameterMap'] }],
    },
    {
      path: localAgent,
      access: 'readOnly',
      uniqueKeys: [],
      parameters: [
        readOnly('EndpointID'),
        { ...readOnly('SoftwareVersion'), notifiesChange: true },
        readOnly('UpTime', 'unsignedInt'),
        { ...readOnly('SupportedProtocols'), list: true },
        readOnly('ControllerNumberOfEntries', 'unsignedInt'),
        readOnly('MTPNumberOfEntries', 'unsignedInt'),
        readOnly('SubscriptionNumberOfEntries', 'unsignedInt'),
        readOnly('RequestNumberOfEntries', 'unsignedInt'),
      ],
      events: [{ name: 'Periodic!', args: [] }],
    },
    ...trustTypes,
    {
      path: `${agentTable.mtp}{i}.`,
      access: 'readOnly',
      uniqueKeys: [['Alias']],
      parameters: [
        { ...alias, access: 'readOnly' },
        readOnly('Enable', 'boolean'),
        readOnly('Status'),
        readOnly('Protocol'),
      ],
    },
    {
      path: `${agentTable.controller}{i}.`,
      access: 'readOnly',
      uniqueKeys: [['Alias'], ['EndpointID']],
      parameters: [
        { ...alias, access: 'readOnly' },
        readOnly('EndpointID'),
        readOnly('Enable', 'boolean'),
        { ...readOnly('AssignedRole'), list: true, reference: 'strong' },
        { ...readOnly('InheritedRole'), list: true, reference: 'strong' },
        { name: 'ControllerCode', type: 'string', access: 'readWrite', range: [0, 128] },
        { name: 'ProvisioningCode', type: 'string', access: 'readWrite', range: [0, 64] },
        { name: 'PeriodicNotifInterval', type: 'unsignedInt', access: 'readWrite', range: [1, 0xffffffff] },
        { name: 'PeriodicNotifTime', type: 'dateTime', access: 'readWrite' },
        { ...alarmWait, name: 'USPNotifRetryMinimumWaitInterval' } as ParameterType,
        { ...alarmWait, name: 'USPNotifRetryIntervalMultiplier', range: [1000, 65535] } as ParameterType,
        { name: 'OnBoardingComplete', type: 'boolean', access: 'readWrite' },
        { name: 'OnBoardingRestartTime', type: 'unsignedInt', access: 'readWrite' },
        readOnly('BootParameterNumberOfEntries', 'unsignedInt'),
        readOnly('MTPNumberOfEntries', 'unsignedInt'),
      ],
      commands: [{ name: 'SendOnBoardRequest()', input: [], output: [] }],
    },
    {
      path: `${agentTable.controller}{i}.BootParameter.{i}.`,
      access: 'addDelete',
      uniqueKeys: [['Alias'], ['ParameterName']],
      parameters: [
        alias,
        { name: 'Enable', type: 'boolean', access: 'readWrite' },
        { name: 'ParameterName', type: 'string', access: 'readWrite', range: [1, 256] },
      ],
    },
    {
      path: `${agentTable.controller}{i}.MTP.{i}.`,
      access: 'readOnly',
      uniqueKeys: [['Alias'], ['Protocol']],
      parameters: [{ ...alias, access: 'readOnly' }, readOnly('Enable', 'boolean'), readOnly('Protocol')],
    },
    {
      path: `${agentTable.controller}{i}.MTP.{i}.WebSocket.`,
      access: 'readOnly',
      uniqueKeys: [],
      parameters: [
        readOnly('Host'),
        readOnly('Port', 'unsignedInt'),
        readOnly('Path'),
        readOnly('EnableEncryption', 'boolean'),
        readOnly('SessionRetryMinimumWaitInterval', 'unsignedInt'),
        readOnly('SessionRetryIntervalMultiplier', 'unsignedInt'),
      ],
    },
    subscriptionType,
    {
      path: `${agentTable.request}{i}.`,
      access: 'readOnly',
      uniqueKeys: [],
      parameters: [
        readOnly('Originator'),
        readOnly('Command'),
        readOnly('CommandKey'),
        { ...readOnly('Status'), notifiesChange: true },
      ],
      commands: [{ name: 'Cancel()', input: [], output: [] }],
    },
  ];
}

const permitted = (name: string): ParameterType => ({
  ...readOnly(name),
  range: [4, 4],
  pattern: /^[r-][w-][x-][n-]$/,
});

/** Who may do what is local policy: controllers read it here, and change none of it. */
const trustTypes: readonly ObjectType[] = [
  {
    path: `${localAgent}ControllerTrust.`,
    access: 'readOnly',
    uniqueKeys: [],
    parameters: [
      readOnly('UntrustedRole'),
      readOnly('TOFUAllowed', 'boolean'),
      readOnly('RoleNumberOfEntries', 'unsignedInt'),
    ],
  },
  {
    path: `${agentTable.role}{i}.`,
    access: 'readOnly',
    uniqueKeys: [['Alias'], ['Name']],
    parameters: [
      { ...alias, access: 'readOnly' },
      readOnly('Enable', 'boolean'),
      readOnly('Name'),
      readOnly('PermissionNumberOfEntries', 'unsignedInt'),
    ],
  },
  {
    path: `${agentTable.role}{i}.Permission.{i}.`,
    access: 'readOnly',
    uniqueKeys: [['Alias'], ['Order']],
    parameters: [
      { ...alias, access: 'readOnly' },
      readOnly('Enable', 'boolean'),
      readOnly('Order', 'unsignedInt'),
      { ...readOnly('Targets'), list: true },
      permitted('Param'),
      permitted('Obj'),
      permitted('InstantiatedObj'),
      permitted('CommandEvent'),
    ],
  },
];

const subscriptionType: ObjectType = {
  path: `${agentTable.subscription}{i}.`,
  access: 'addDelete',
  uniqueKeys: [['Alias'], ['Recipient', 'ID']],
  parameters: [
    alias,
    { name: 'Enable', type: 'boolean', access: 'readWrite' },
    { ...readOnly('Recipient'), reference: 'strong' },
    { name: 'ID', type: 'string', access: 'writeOnce', range: [1, 64] },
    readOnly('CreationDate', 'dateTime'),
    { name: 'NotifType', type: 'string', access: 'readWrite', values: notificationTypes },
    { name: 'ReferenceList', type: 'string', access: 'writeOnce', list: true, range: [1, 256] },
    { name: 'Persistent', type: 'boolean', access: 'readWrite' },
    { name: 'TimeToLive', type: 'unsignedInt', access: 'readWrite' },
    { name: 'NotifRetry', type: 'boolean', access: 'readWrite' },
    { name: 'NotifExpiration', type: 'unsignedInt', access: 'readWrite' },
  ],
};
