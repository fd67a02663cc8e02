import type { Clock } from '@sluice/model';
import { errorCode, writeDateTime } from '@sluice/wire/usp';
import type { Caller, ChangeFailure, CommandResult, ModelChange } from './data-model.ts';
import { agentTable, localAgentTypes } from './local-agent-types.ts';
import { MemoryModel } from './memory-model.ts';

/** A controller that local policy names. */
export interface ControllerEntry {
  readonly endpointId: string;
  readonly alias?: string;
  /** Introduce ourselves with an OnBoardRequest until it says OnBoardingComplete. Default false. */
  readonly onBoard?: boolean;
}

/** What the agent's own objects are made from. */
export interface LocalAgentOptions {
  readonly endpointId: string;
  readonly softwareVersion: string;
  readonly controllers: readonly ControllerEntry[];
  readonly clock: Clock;
  /** Makes `Device.Reboot()` a command; called with Cause and Reason. */
  readonly reboot?: (cause: string, reason: string) => void;
  readonly sendOnBoardRequest: (controllerId: string) => void;
  /** Cancels what a Request row stands for. */
  readonly cancel: (request: string) => CommandResult;
  /** Why a ReferenceList cannot be subscribed to; undefined where it can. */
  readonly judgeReferences: (notifType: string, referenceList: string) => string | undefined;
}

/** Subscriptions that one controller may have. */
export const mostSubscriptions = 64;

const onlyNothing = new Map<string, string>();
const done: CommandResult = { ok: true, output: onlyNothing };

/** Makes Device. and Device.LocalAgent. A controller sees its own row, subscriptions and requests, and no other's. */
export function createLocalAgent(options: LocalAgentOptions): MemoryModel {
  const { endpointId, softwareVersion, controllers, clock } = options;
  let subscriptionsMade = 0;
  const subscriptionDefaults = (caller: Caller) => {
    const recipient = local.find(agentTable.controller, new Map([['EndpointID', caller.endpointId]]), caller);
    return {
      Enable: 'false',
      Recipient: recipient === undefined ? '' : `${agentTable.controller}${recipient}`,
      ID: `cpe-${++subscriptionsMade}-${clock.now()}`,
      CreationDate: writeDateTime(Math.floor(clock.now() / 1000) * 1000),
      NotifType: 'Event',
      ReferenceList: '',
      Persistent: 'false',
      TimeToLive: '0',
      NotifRetry: 'false',
      NotifExpiration: '0',
    };
  };
  const local: MemoryModel = new MemoryModel(localAgentTypes(options.reboot !== undefined), {
    defaults: { [`${agentTable.subscription}{i}.`]: subscriptionDefaults },
    owned: [agentTable.subscription],
    refuse: (change, row, caller) => refuse(change, row, caller, local, options.judgeReferences),
    operate: (object, command, input, caller) => {
      switch (command) {
        case 'Reboot()':
          options.reboot?.(input.get('Cause') ?? 'RemoteReboot', input.get('Reason') ?? '');
          return done;
        case 'SendOnBoardRequest()':
          options.sendOnBoardRequest(caller.endpointId);
          return done;
        case 'Cancel()':
          return options.cancel(object);
        default:
          return { ok: false, code: errorCode.commandFailure, message: `${command} cannot be run` };
      }
    },
  });
  const count = (table: string) => (caller: Caller) => String(local.instances(table, caller).length);
  const started = clock.now();
  local.put('Device.', { RootDataModelVersion: '2.19' });
  local.put('Device.LocalAgent.', {
    EndpointID: endpointId,
    SoftwareVersion: softwareVersion,
    UpTime: () => String(Math.floor((clock.now() - started) / 1000)),
    SupportedProtocols: 'WebSocket',
    ControllerNumberOfEntries: count(agentTable.controller),
    MTPNumberOfEntries: count(agentTable.mtp),
    SubscriptionNumberOfEntries: count(agentTable.subscription),
    RequestNumberOfEntries: count(agentTable.request),
  });
  local.put('Device.LocalAgent.ControllerTrust.', { TOFUAllowed: 'false' });
  local.put(`${agentTable.mtp}1.`, { Alias: 'websocket', Enable: 'true', Status: 'Up', Protocol: 'WebSocket' });
  for (const [i, entry] of controllers.entries()) putController(local, i + 1, entry);
  return local;
}

function putController(local: MemoryModel, number: number, entry: ControllerEntry): void {
  const row = `${agentTable.controller}${number}.`;
  const cells = {
    Alias: entry.alias ?? `controller-${number}`,
    EndpointID: entry.endpointId,
    Enable: 'true',
    ControllerCode: '',
    ProvisioningCode: '',
    PeriodicNotifInterval: '86400',
    PeriodicNotifTime: '0001-01-01T00:00:00Z',
    USPNotifRetryMinimumWaitInterval: '5',
    USPNotifRetryIntervalMultiplier: '2000',
    OnBoardingComplete: String(!entry.onBoard),
    OnBoardingRestartTime: '0',
    MTPNumberOfEntries: '1',
  };
  local.put(row, cells, entry.endpointId);
  local.put(`${row}MTP.1.`, { Alias: 'websocket', Enable: 'true', Protocol: 'WebSocket' }, entry.endpointId);
}

function refuse(
  change: ModelChange,
  row: ReadonlyMap<string, string> | undefined,
  caller: Caller,
  local: MemoryModel,
  judgeReferences: LocalAgentOptions['judgeReferences'],
): Omit<ChangeFailure, 'index'> | undefined {
  if (change.kind === 'delete') return undefined;
  if (change.kind === 'add') {
    // Several in one Add are counted when they are there.
    const { length } = local.instances(agentTable.subscription, caller);
    if (length >= mostSubscriptions) {
      return { code: errorCode.resourcesExceeded, message: `at most ${mostSubscriptions} subscriptions` };
    }
  } else if (!change.object.startsWith(agentTable.subscription)) return undefined;
  const value = (name: string) => change.parameters.get(name) ?? row?.get(name) ?? '';
  const wrong = judgeReferences(value('NotifType') || 'Event', value('ReferenceList'));
  return wrong === undefined ? undefined : { code: errorCode.invalidValue, message: wrong, parameter: 'ReferenceList' };
}
