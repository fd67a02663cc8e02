import type { Clock } from '@sluice/model';
import { closeCode, type EventLog, retire, type UspConnection } from '@sluice/mtp';
import { connectRecord, disconnectRecord, encodeRecord, errorCode } from '@sluice/wire/usp';
import type { Turn } from './answer.ts';
import { type BootCause, bootArguments } from './boot-event.ts';
import { ControllerLink, type DeviceNames } from './controller-link.ts';
import type { DataModel, ModelEvent } from './data-model.ts';
import { type ExchangeOptions, exchange, protocolVersions } from './exchange.ts';
import { concernsKept, forgetfulStore, putBack, type RowStore, rowsToKeep } from './kept-rows.ts';
import { type ControllerEntry, createLocalAgent, rolesOf } from './local-agent.ts';
import { agentTable } from './local-agent-types.ts';
import type { Posting } from './outbox.ts';
import { Requests } from './requests.ts';
import { compileSchema } from './schema.ts';
import { SubscriptionRows } from './subscription-rows.ts';
import { judgeReferences, Subscriptions } from './subscriptions.ts';
import { Rights, type RoleEntry } from './trust.ts';

/** What an agent is made from. */
export interface AgentOptions {
  readonly endpointId: string;
  readonly softwareVersion: string;
  readonly device: DeviceNames;
  /** The controllers that local policy names; no other is served. */
  readonly controllers: readonly ControllerEntry[];
  /** What controllers may do, by role; left out, each may do everything. A controller that names no role here may nothing. */
  readonly roles?: readonly RoleEntry[];
  /** What there is beside Device.LocalAgent. */
  readonly models: readonly DataModel[];
  readonly clock: Clock;
  readonly log: EventLog;
  /** 0 <= x < 1; spreads repeats. Default Math.random. */
  readonly random?: () => number;
  readonly boot?: BootCause;
  /** Keeps persistent subscriptions and boot parameters. Default: they end with the agent. */
  readonly kept?: RowStore;
  /** Makes `Device.Reboot()` a command; called with Cause and Reason. */
  readonly reboot?: (cause: string, reason: string) => void;
  /** Longest answer in bytes; what would be longer is an Error 7005. Default 64 MiB. */
  readonly maxAnswerBytes?: number;
  /** Objects that one message may touch; one that would touch more is an Error 7005. Default 200,000. */
  readonly objectsPerMessage?: number;
}

/** A USP agent (TR-369): serves a data model to controllers over connections it is given. */
export interface Agent {
  /**
   * Serves a connection until it closes, for the controller that it proves as its peer. The connect record goes
   * first (R-MTP.6), then what waits for that controller. A connection of an unknown controller is closed (1008).
   */
  attach(connection: UspConnection): void;
  /** Says goodbye with a Disconnect record, closes all connections, stops all timers and commands. */
  close(): void;
}

/** Makes an agent and tells subscribers that it has booted. Throws where models contradict each other. */
export function createAgent(options: AgentOptions): Agent {
  const { endpointId, clock, log, controllers, models } = options;
  const random = options.random ?? Math.random;
  const links = new Map<string, ControllerLink>();
  const local = createLocalAgent({
    ...options,
    sendOnBoardRequest: (controller) => links.get(controller)?.sendOnBoardRequest(),
    cancel: (row) => requests.cancel(row),
    judgeReferences: (type, list) => judgeReferences(root, type, list),
  });
  const all = [...models, local];
  const root = compileSchema(all);

  const run = Math.floor(random() * 2 ** 32).toString(16);
  let sent = 0;
  const linkOptions = {
    agent: endpointId,
    clock,
    log,
    random,
    device: options.device,
    protocolVersions,
    nextMsgId: () => `${run}-${++sent}`,
  };
  const rowOf = new Map(controllers.map(({ endpointId: id }, i) => [id, `${agentTable.controller}${i + 1}.`]));
  for (const [id, row] of rowOf) links.set(id, new ControllerLink(row, id, local, linkOptions));

  const rights = new Map(controllers.map((entry) => [entry.endpointId, new Rights(rolesOf(entry, options.roles))]));
  const nothing = new Rights([]);
  const rightsOf = (controller: string) => rights.get(controller) ?? nothing;
  const post = (controller: string, posting: Posting) => links.get(controller)?.outbox.post(posting);
  const subscriptions = new Subscriptions(root, post, rightsOf);
  const outboxes = new Map([...links].map(([id, link]) => [id, link.outbox]));
  const rows = new SubscriptionRows(local, subscriptions, outboxes, clock);
  const requests = new Requests(local, (command, result, caller) => {
    const operationResp = result.ok
      ? ({ case: 'reqOutputArgs', value: { outputArgs: Object.fromEntries(result.output) } } as const)
      : ({ case: 'cmdFailure', value: { errCode: result.code, errMsg: result.message } } as const);
    const { object, command: commandName, commandKey } = command;
    const value = { objPath: object, commandName, commandKey, operationResp };
    subscriptions.complete(object, commandName, { case: 'operComplete', value }, caller.endpointId);
  });

  const store = options.kept ?? forgetfulStore;
  putBack(store, local, rowOf);
  for (const id of rowOf.keys()) {
    for (const instance of local.instances(agentTable.subscription, { endpointId: id })) {
      rows.inForce(`${agentTable.subscription}${instance}.`, id);
    }
  }

  /** Events of the message being answered: a controller hears of its change after the answer to it. */
  let held: ModelEvent[] | undefined;
  const tell = (event: ModelEvent): void => {
    if (held) held.push(event);
    else subscriptions.tell(event);
  };
  const unobserve = all.map((model) =>
    model.observe((event) => {
      tell(event);
      if (model !== local) return;
      rows.follow(event);
      for (const link of links.values()) link.follow(event);
      if (concernsKept(event)) store.save(rowsToKeep(local, rowOf));
    }),
  );
  const turnOf = (controller: string): Turn => ({
    root,
    caller: { endpointId: controller },
    rights: rightsOf(controller),
    budget: { left: options.objectsPerMessage ?? 200_000 },
  });
  for (const [id, row] of rowOf) {
    const args = bootArguments(options.boot ?? { cause: 'LocalReboot' }, `${row}BootParameter.`, turnOf(id));
    local.emit('Device.', 'Boot!', args, id);
  }

  const exchanging: ExchangeOptions = {
    log,
    turn: ({ peer }) => turnOf(peer),
    start: (command, turn) => requests.start(command, turn),
    maxAnswerBytes: options.maxAnswerBytes ?? 64 << 20,
    onDelivered: (controller, msgId) => links.get(controller)?.outbox.delivered(msgId),
  };

  return {
    attach(connection) {
      const link = links.get(connection.peer);
      // An agent and a controller may share an id, but then they must not talk (R-ARC.2).
      if (!link || connection.peer === endpointId) {
        log.warn({ controller: connection.peer }, 'not a controller of ours');
        connection.close(closeCode.policy, 'not a controller of this agent');
        return;
      }
      connection.send(encodeRecord(connectRecord(endpointId, connection.peer)));
      const before = link.connect(connection);
      if (before) retire(before, clock);
      void connection.closed.then(() => link.disconnect(connection));
      connection.receive((record) => {
        held = [];
        try {
          exchange(record, connection, exchanging);
        } finally {
          const events = held;
          held = undefined;
          for (const event of events) subscriptions.tell(event);
        }
      });
    },
    close() {
      for (const stop of unobserve) stop();
      requests.close();
      rows.close();
      for (const link of links.values()) {
        const { connection } = link;
        connection?.send(
          encodeRecord(disconnectRecord(endpointId, link.endpointId, errorCode.sessionContextEnded, 'the agent stops')),
        );
        connection?.close(closeCode.goingAway, 'the agent stops');
        link.close();
      }
    },
  };
}
