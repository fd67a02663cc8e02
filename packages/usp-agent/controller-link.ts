import type { Clock } from '@sluice/model';
import type { EventLog, RedialPolicy, UspConnection } from '@sluice/mtp';
import { readDateTime } from '@sluice/wire/usp';
import { Alarm } from './alarm.ts';
import type { ModelEvent } from './data-model.ts';
import type { MemoryModel } from './memory-model.ts';
import { Outbox, type Posting } from './outbox.ts';

/** Who this device is, as an OnBoardRequest tells it. */
export interface DeviceNames {
  /** Six hexadecimal digits. */
  readonly oui: string;
  readonly productClass: string;
  readonly serialNumber: string;
}

/** What links to controllers share. */
export interface LinkOptions {
  readonly agent: string;
  readonly clock: Clock;
  readonly log: EventLog;
  readonly random: () => number;
  readonly nextMsgId: () => string;
  readonly device: DeviceNames;
  readonly protocolVersions: string;
}

/** One row of the Controller table at work: its notifications, its Periodic! events, its on-boarding. */
export class ControllerLink {
  readonly endpointId: string;
  readonly outbox: Outbox;
  readonly #row: string;
  readonly #local: MemoryModel;
  readonly #options: LinkOptions;
  readonly #periodic: Alarm;
  readonly #onBoardAgain: Alarm;
  #onBoarding = false;
  #connection: UspConnection | undefined;

  constructor(row: string, endpointId: string, local: MemoryModel, options: LinkOptions) {
    this.#row = row;
    this.endpointId = endpointId;
    this.#local = local;
    this.#options = options;
    const { agent, clock, log, random, nextMsgId } = options;
    const retryPolicy = () => this.#retryPolicy();
    this.outbox = new Outbox({ agent, controller: endpointId, clock, log, random, nextMsgId, retryPolicy });
    this.#periodic = new Alarm(clock, () => {
      local.emit('Device.LocalAgent.', 'Periodic!', {}, endpointId);
      this.#schedulePeriodic();
    });
    this.#onBoardAgain = new Alarm(clock, () => this.#onBoardIfIncomplete());
    this.#schedulePeriodic();
  }

  get connection(): UspConnection | undefined {
    return this.#connection;
  }

  /** The connection to use from now on; returns the one before. */
  connect(connection: UspConnection): UspConnection | undefined {
    const before = this.#connection;
    this.#connection = connection;
    this.outbox.use(connection);
    this.#onBoardIfIncomplete();
    return before;
  }

  /** That connection is over; harmless where another is in use. */
  disconnect(connection: UspConnection): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.outbox.use(undefined);
  }

  /** Sends an OnBoardRequest until it is confirmed (R-NOT.5, R-NOT.6a). */
  sendOnBoardRequest(): void {
    this.#local.put(this.#row, { OnBoardingComplete: 'false' });
    this.#onBoardIfIncomplete();
  }

  /** Takes in a change of the Controller row. */
  follow(event: ModelEvent): void {
    if (event.kind !== 'changed' || event.object !== this.#row) return;
    if (event.parameter.startsWith('PeriodicNotif')) this.#schedulePeriodic();
  }

  close(): void {
    this.#periodic.set(undefined);
    this.#onBoardAgain.set(undefined);
    this.outbox.close();
  }

  #onBoardIfIncomplete(): void {
    if (this.#onBoarding || this.#value('OnBoardingComplete') === 'true') return;
    const { device, protocolVersions, clock } = this.#options;
    this.#onBoarding = true;
    const notify = {
      subscriptionId: '',
      notification: {
        case: 'onBoardReq',
        value: { ...device, agentSupportedProtocolVersions: protocolVersions },
      },
    } as Posting['notify'];
    this.outbox.post({
      notify,
      retry: true,
      expirationMs: 0,
      onDelivered: () => {
        this.#onBoarding = false;
        const againMs = Number(this.#value('OnBoardingRestartTime')) * 1000;
        this.#onBoardAgain.set(againMs > 0 ? clock.now() + againMs : undefined);
      },
    });
  }

  #schedulePeriodic(): void {
    const now = this.#options.clock.now();
    const intervalMs = Number(this.#value('PeriodicNotifInterval')) * 1000;
    const phase = readDateTime(this.#value('PeriodicNotifTime')) ?? 0;
    // TR-106: a year before 1970 means that the time is not known, and any phase will do.
    const next = phase < 0 ? now + intervalMs : phase + (Math.floor((now - phase) / intervalMs) + 1) * intervalMs;
    this.#periodic.set(next);
  }

  #retryPolicy(): RedialPolicy {
    return {
      minimumWaitMs: Number(this.#value('USPNotifRetryMinimumWaitInterval')) * 1000,
      multiplier: Number(this.#value('USPNotifRetryIntervalMultiplier')),
    };
  }

  #value(name: string): string {
    return this.#local.read(this.#row, { endpointId: this.endpointId })?.get(name) ?? '';
  }
}
