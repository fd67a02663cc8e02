import { type Comparison, errorCode, listItems, type Path, parsePath } from '@sluice/wire/usp';
import type { Turn } from './answer.ts';
import type { DataModel, ModelEvent } from './data-model.ts';
import type { NotifyInit, Posting } from './outbox.ts';
import { notifies, placeOfObject, placeOfPath, type SchemaNode } from './schema.ts';
import { holds, judgeTerms } from './search.ts';
import { type Happening, matches } from './subscription-match.ts';
import type { Rights } from './trust.ts';

/** A row of the Subscription table, taken apart. */
interface Subscription {
  readonly row: string;
  readonly owner: string;
  readonly id: string;
  readonly type: string;
  readonly references: readonly Path[];
  readonly retry: boolean;
  readonly expirationMs: number;
}

/** Objects that one expression of a subscription may touch. */
const budget = 1_000;

/** Who has subscribed to what, and what they are sent when it happens. */
export class Subscriptions {
  readonly #root: SchemaNode;
  readonly #post: (controller: string, posting: Posting) => void;
  readonly #rightsOf: (controller: string) => Rights;
  readonly #byRow = new Map<string, Subscription>();

  /** `post` sends to the controller of that endpoint id, which has those rights. */
  constructor(
    root: SchemaNode,
    post: (controller: string, posting: Posting) => void,
    rightsOf: (controller: string) => Rights,
  ) {
    this.#root = root;
    this.#post = post;
    this.#rightsOf = rightsOf;
  }

  /** Takes in a row as it is now. */
  put(row: string, owner: string, values: ReadonlyMap<string, string>): void {
    if (values.get('Enable') !== 'true') {
      this.#byRow.delete(row);
      return;
    }
    this.#byRow.set(row, {
      row,
      owner,
      id: values.get('ID') ?? '',
      type: values.get('NotifType') ?? '',
      references: listItems(values.get('ReferenceList') ?? '').flatMap((item) => {
        const parsed = parsePath(item);
        return parsed.ok ? [parsed.value] : [];
      }),
      retry: values.get('NotifRetry') === 'true',
      expirationMs: Number(values.get('NotifExpiration') ?? 0) * 1000,
    });
  }

  remove(row: string): void {
    this.#byRow.delete(row);
  }

  /** Notifies whoever subscribed to an event of a model and may know of it. */
  tell(event: ModelEvent): void {
    switch (event.kind) {
      case 'changed': {
        const { object, parameter, value } = event;
        const type = placeOfObject(this.#root, object)?.parameters.get(parameter);
        if (!type || !notifies(type)) return;
        this.#dispatch({ type: 'ValueChange', object, member: parameter }, event, {
          case: 'valueChange',
          value: { paramPath: `${object}${parameter}`, paramValue: value },
        });
        return;
      }
      case 'created':
        this.#dispatch({ type: 'ObjectCreation', object: event.object }, event, {
          case: 'objCreation',
          value: { objPath: event.object, uniqueKeys: Object.fromEntries(event.uniqueKeys) },
        });
        return;
      case 'deleted':
        this.#dispatch({ type: 'ObjectDeletion', object: event.object }, event, {
          case: 'objDeletion',
          value: { objPath: event.object },
        });
        return;
      case 'event':
        this.#dispatch({ type: 'Event', object: event.object, member: event.name }, event, {
          case: 'event',
          value: { objPath: event.object, eventName: event.name, params: Object.fromEntries(event.args) },
        });
    }
  }

  /** Notifies of the end of a command that took time. */
  complete(object: string, command: string, notification: NotifyInit['notification'], visibleTo: string): void {
    this.#dispatch({ type: 'OperationComplete', object, member: command }, { visibleTo }, notification);
  }

  #dispatch(
    happening: Happening,
    event: { readonly visibleTo?: string; readonly uniqueKeys?: ReadonlyMap<string, string> },
    notification: NotifyInit['notification'],
  ): void {
    for (const subscription of this.#byRow.values()) {
      const { type, owner, references, id, retry, expirationMs, row } = subscription;
      if (type !== happening.type || (event.visibleTo !== undefined && event.visibleTo !== owner)) continue;
      const test = (terms: readonly Comparison[], path: string) =>
        this.#rowHolds(terms, path, owner, path === happening.object ? event.uniqueKeys : undefined);
      if (!this.#mayKnow(owner, happening)) continue;
      if (!references.some((reference) => matches(reference, happening, test))) continue;
      const notify = { subscriptionId: id, notification } as Posting['notify'];
      this.#post(owner, { notify, retry, expirationMs, subscription: row });
    }
  }

  /** R-SEC: the right to be told is looked at when there is something to tell. */
  #mayKnow(controller: string, { type, object, member = '' }: Happening): boolean {
    const rights = this.#rightsOf(controller);
    const node = placeOfObject(this.#root, object);
    if (!node) return false;
    switch (type) {
      case 'ValueChange':
        return rights.parameter(node, member, 'n');
      case 'ObjectCreation':
        return rights.object(node, 'n');
      case 'ObjectDeletion':
        return rights.instances(node, 'n');
      default:
        return rights.member(node, member, 'n');
    }
  }

  #rowHolds(
    terms: readonly Comparison[],
    path: string,
    owner: string,
    keys: ReadonlyMap<string, string> | undefined,
  ): boolean {
    const node = placeOfObject(this.#root, path);
    const rights = this.#rightsOf(owner);
    const turn: Turn = { root: this.#root, caller: { endpointId: owner }, rights, budget: { left: budget } };
    const model: DataModel | undefined = node?.model;
    const row = model?.read(path, turn.caller) ?? keys;
    if (node === undefined || row === undefined || judgeTerms(terms, node, turn)?.code === errorCode.permissionDenied)
      return false;
    return holds(terms, node, path, row, turn);
  }
}

/** Why a ReferenceList cannot be subscribed to; undefined where it can. */
export function judgeReferences(root: SchemaNode, notifType: string, referenceList: string): string | undefined {
  const items = listItems(referenceList);
  if (items.length > 32) return 'ReferenceList has more than 32 entries';
  for (const item of items) {
    const parsed = parsePath(item);
    if (!parsed.ok) return `${item}: ${parsed.failure.message}`;
    if (!suits(root, notifType, parsed.value)) return `${item} is nothing that ${notifType} can be about`;
  }
  return undefined;
}

function suits(root: SchemaNode, notifType: string, path: Path): boolean {
  const { kind, name } = path;
  const node = path.steps.some((step) => step.kind === 'template') ? undefined : placeOfPath(root, path);
  if (!node) return false;
  switch (notifType) {
    case 'ValueChange':
      return kind === 'object' || (kind === 'parameter' && node.parameters.has(name));
    case 'ObjectCreation':
    case 'ObjectDeletion':
      return kind === 'object' && node.kind !== 'object';
    case 'OperationComplete':
      return kind === 'object' || (kind === 'command' && node.commands.get(name)?.async === true);
    default:
      return kind === 'object' || (kind === 'event' && node.events.has(name));
  }
}
