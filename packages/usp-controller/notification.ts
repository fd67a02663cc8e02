import type { Notify } from '@sluice/wire/usp';

/** What an agent told without being asked (TR-369 Notify). */
export type Notification =
  | {
      readonly kind: 'event';
      readonly object: string;
      /** With "!". */
      readonly event: string;
      readonly parameters: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'value-change'; readonly parameter: string; readonly value: string }
  | { readonly kind: 'created'; readonly object: string; readonly uniqueKeys: Readonly<Record<string, string>> }
  | { readonly kind: 'deleted'; readonly object: string }
  | {
      readonly kind: 'completed';
      readonly object: string;
      /** With "()". */
      readonly command: string;
      readonly key: string;
      readonly result:
        | { readonly ok: true; readonly output: Readonly<Record<string, string>> }
        | { readonly ok: false; readonly code: number; readonly message: string };
    }
  | { readonly kind: 'on-board'; readonly serialNumber: string; readonly productClass: string };

/** Reads a Notify; undefined where it carries nothing that TR-369 names. */
export function notificationIn({ notification }: Notify): Notification | undefined {
  switch (notification.case) {
    case 'event': {
      const { objPath, eventName, params } = notification.value;
      return { kind: 'event', object: objPath, event: eventName, parameters: params };
    }
    case 'valueChange':
      return {
        kind: 'value-change',
        parameter: notification.value.paramPath,
        value: notification.value.paramValue,
      };
    case 'objCreation':
      return { kind: 'created', object: notification.value.objPath, uniqueKeys: notification.value.uniqueKeys };
    case 'objDeletion':
      return { kind: 'deleted', object: notification.value.objPath };
    case 'operComplete': {
      const { objPath, commandName, commandKey, operationResp } = notification.value;
      const result =
        operationResp.case === 'cmdFailure'
          ? { ok: false as const, code: operationResp.value.errCode, message: operationResp.value.errMsg }
          : { ok: true as const, output: operationResp.value?.outputArgs ?? {} };
      return { kind: 'completed', object: objPath, command: commandName, key: commandKey, result };
    }
    case 'onBoardReq': {
      const { serialNumber, productClass } = notification.value;
      return { kind: 'on-board', serialNumber, productClass };
    }
    default:
      return undefined;
  }
}

/** The last ids that were seen: a retried Notify carries the id of its first attempt, also over a new connection. */
export class SeenIds {
  readonly #ids = new Set<string>();
  readonly #most: number;

  constructor(most = 1_024) {
    this.#most = most;
  }

  /** Whether this id is new; it is not the next time. */
  first(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    if (this.#ids.size > this.#most) {
      const [oldest] = this.#ids;
      if (oldest !== undefined) this.#ids.delete(oldest);
    }
    return true;
  }
}
