import type { Clock } from '@sluice/model';
import type { RedialPolicy } from '@sluice/mtp';
import { canonical, errorCode, writeDateTime } from '@sluice/wire/usp';
import { Alarm } from './alarm.ts';
import type { Caller, CommandResult } from './data-model.ts';
import { type JudgeReferences, localAgentRules } from './local-agent-rules.ts';
import { agentTable, localAgentTypes } from './local-agent-types.ts';
import { MemoryModel } from './memory-model.ts';
import { fullAccess, type RoleEntry } from './trust.ts';

/** A controller that local policy names. */
export interface ControllerEntry {
  readonly endpointId: string;
  readonly alias?: string;
  /** Introduce ourselves with an OnBoardRequest until it says OnBoardingComplete. Default false. */
  readonly onBoard?: boolean;
  /** Names of its roles; where {@link LocalAgentOptions.roles} is left out, it may do everything. */
  readonly roles?: readonly string[];
  /** Where we dial it, and how we dial again; left out where it dials us. */
  readonly dialled?: { readonly url: string; readonly redial: RedialPolicy };
}

/** What the agent's own objects are made from. */
export interface LocalAgentOptions {
  readonly endpointId: string;
  readonly softwareVersion: string;
  readonly controllers: readonly ControllerEntry[];
  /** See `AgentOptions.roles`. */
  readonly roles?: readonly RoleEntry[];
  readonly clock: Clock;
  /** Makes `Device.Reboot()` a command; called with Cause and Reason. */
  readonly reboot?: (cause: string, reason: string) => void;
  readonly sendOnBoardRequest: (controllerId: string) => void;
  /** Cancels what a Request row stands for. */
  readonly cancel: (request: string) => CommandResult;
  /** Why a ReferenceList cannot be subscribed to; undefined where it can. */
  readonly judgeReferences: JudgeReferences;
}

/** The roles of a controller. */
export function rolesOf(entry: ControllerEntry, roles: readonly RoleEntry[] | undefined): readonly RoleEntry[] {
  return roles ? roles.filter(({ name }) => entry.roles?.includes(name)) : [fullAccess];
}

const onlyNothing = new Map<string, string>();
const done: CommandResult = { ok: true, output: onlyNothing };

/** Makes Device. and Device.LocalAgent. A controller sees its own row, subscriptions and requests, and no other's. */
export function createLocalAgent(options: LocalAgentOptions): MemoryModel {
  const { endpointId, softwareVersion, controllers, clock } = options;
  let made = 0;
  const subscriptionDefaults = (caller: Caller) => {
    const recipient = local.find(agentTable.controller, new Map([['EndpointID', caller.endpointId]]), caller);
    return {
      Enable: 'false',
      Recipient: recipient === undefined ? '' : `${agentTable.controller}${recipient}`,
      ID: `cpe-${++made}-${clock.now()}`,
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
    defaults: {
      [`${agentTable.subscription}{i}.`]: subscriptionDefaults,
      [`${agentTable.controller}{i}.BootParameter.{i}.`]: () => ({
        Enable: 'false',
        ParameterName: `cpe-${++made}`,
      }),
    },
    owned: [agentTable.subscription, ...controllers.map((_, i) => `${agentTable.controller}${i + 1}.BootParameter.`)],
    refuse: (change, row, caller) => localAgentRules(change, row, caller, local, options.judgeReferences),
    perform: (_object, _command, input, _caller, signal) => timer(clock, input.get('DelaySeconds') ?? '', signal),
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
  const roles = options.roles ?? [fullAccess];
  local.put('Device.LocalAgent.ControllerTrust.', {
    // Nobody is served whom the policy does not name.
    UntrustedRole: '',
    TOFUAllowed: 'false',
    RoleNumberOfEntries: String(roles.length),
  });
  for (const [i, role] of roles.entries()) putRole(local, `${agentTable.role}${i + 1}.`, role);
  local.put(`${agentTable.mtp}1.`, { Alias: 'websocket', Enable: 'true', Status: 'Up', Protocol: 'WebSocket' });
  for (const [i, entry] of controllers.entries()) {
    const own = rolesOf(entry, options.roles);
    const assigned = roles.flatMap((role, at) => (own.includes(role) ? [`${agentTable.role}${at + 1}`] : []));
    putController(local, i + 1, entry, assigned);
  }
  return local;
}

function putRole(local: MemoryModel, row: string, { name, permissions }: RoleEntry): void {
  const alias = `role-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`.slice(0, 64);
  local.put(row, { Alias: alias, Enable: 'true', Name: name, PermissionNumberOfEntries: String(permissions.length) });
  for (const [i, permission] of permissions.entries()) {
    const { targets, order = i + 1, param, obj, instantiatedObj, commandEvent } = permission;
    local.put(`${row}Permission.${i + 1}.`, {
      Alias: `permission-${i + 1}`,
      Enable: 'true',
      Order: String(order),
      Targets: targets.join(','),
      Param: param ?? '----',
      Obj: obj ?? '----',
      InstantiatedObj: instantiatedObj ?? '----',
      CommandEvent: commandEvent ?? '----',
    });
  }
}

function putController(
  local: MemoryModel,
  number: number,
  entry: ControllerEntry,
  assignedRoles: readonly string[],
): void {
  const row = `${agentTable.controller}${number}.`;
  const cells = {
    Alias: entry.alias ?? `controller-${number}`,
    EndpointID: entry.endpointId,
    Enable: 'true',
    AssignedRole: assignedRoles.join(','),
    InheritedRole: '',
    ControllerCode: '',
    ProvisioningCode: '',
    PeriodicNotifInterval: '86400',
    PeriodicNotifTime: '0001-01-01T00:00:00Z',
    USPNotifRetryMinimumWaitInterval: '5',
    USPNotifRetryIntervalMultiplier: '2000',
    OnBoardingComplete: String(!entry.onBoard),
    OnBoardingRestartTime: '0',
    BootParameterNumberOfEntries: (caller: Caller) => String(local.instances(`${row}BootParameter.`, caller).length),
    MTPNumberOfEntries: '1',
  };
  local.put(row, cells, entry.endpointId);
  local.put(`${row}MTP.1.`, { Alias: 'websocket', Enable: 'true', Protocol: 'WebSocket' }, entry.endpointId);
  if (!entry.dialled) return;
  const { url, redial } = entry.dialled;
  const { hostname, port, pathname } = new URL(url);
  local.put(
    `${row}MTP.1.WebSocket.`,
    {
      Host: hostname,
      Port: port || '443',
      Path: pathname,
      EnableEncryption: 'true',
      SessionRetryMinimumWaitInterval: String(Math.ceil(redial.minimumWaitMs / 1000)),
      SessionRetryIntervalMultiplier: String(redial.multiplier),
    },
    entry.endpointId,
  );
}

/** Device.ScheduleTimer(): completes after so many seconds. */
function timer(clock: Clock, delay: string, signal: AbortSignal): Promise<CommandResult> {
  const seconds = canonical('unsignedInt', delay);
  if (seconds === undefined || seconds === '0') {
    const message = 'DelaySeconds is a number of seconds, at least 1';
    return Promise.resolve({ ok: false, code: errorCode.invalidCommandArguments, message });
  }
  const { promise, resolve } = Promise.withResolvers<CommandResult>();
  const alarm = new Alarm(clock, () => resolve(done));
  alarm.set(clock.now() + Number(seconds) * 1000);
  signal.addEventListener(
    'abort',
    () => {
      alarm.set(undefined);
      resolve(done);
    },
    { once: true },
  );
  return promise;
}
