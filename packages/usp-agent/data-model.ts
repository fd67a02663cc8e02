/** TR-106 data types as USP names them (usp-msg ParamValueType). Values travel as their XML Schema text. */
export type ValueType =
  | 'string'
  | 'boolean'
  | 'int'
  | 'unsignedInt'
  | 'long'
  | 'unsignedLong'
  | 'decimal'
  | 'dateTime'
  | 'base64'
  | 'hexBinary';

/** One parameter of an object type. */
export interface ParameterType {
  readonly name: string;
  readonly type: ValueType;
  /** `writeOnce`: given in Add or set once, then read-only (TR-181 writeOnceReadOnly). */
  readonly access: 'readOnly' | 'readWrite' | 'writeOnce';
  /**
   * Whether a change is told to subscribers (usp-msg ValueChangeType); counters and clocks are not.
   * Left out: what can be written is, what is read-only is not.
   */
  readonly notifiesChange?: boolean;
  /** Permitted values, where an enumeration. */
  readonly values?: readonly string[];
  /** Bounds of numbers, or lengths of strings, both inclusive. */
  readonly range?: readonly [least: number, most: number];
  /** What a text, or each item of a list, must match beside. */
  readonly pattern?: RegExp;
  /** Comma-separated list of `type`. */
  readonly list?: boolean;
  /**
   * The value names an object, "Device.IP.Interface.1". The agent resolves what a controller writes by key
   * (TR-369 R-ARC.11); `strong`: it refuses what names nothing (R-ARC.12).
   */
  readonly reference?: 'strong' | 'weak';
  /**
   * The object lets in more without the value than with it. It counts as required wherever it is given: an object that
   * could be made or changed without it, and wider, is not (TR-369 lets a receiver drop what is not required).
   */
  readonly narrows?: boolean;
}

/** A command (TR-369 Operate). */
export interface CommandType {
  /** With "()". */
  readonly name: string;
  readonly async?: boolean;
  readonly input: readonly { readonly name: string; readonly required?: boolean }[];
  readonly output: readonly string[];
}

/** An object type of the supported data model. */
export interface ObjectType {
  /** "Device.NAT.PortMapping.{i}." or "Device.NAT."; ends with a dot. */
  readonly path: string;
  /** What a controller may do to rows; single objects are readOnly here. */
  readonly access: 'readOnly' | 'addDelete' | 'addOnly' | 'deleteOnly';
  /** Each a set of parameters that together name one row; the first is non-functional (Alias) where there is one. */
  readonly uniqueKeys: readonly (readonly string[])[];
  readonly parameters: readonly ParameterType[];
  readonly commands?: readonly CommandType[];
  /** Names with "!". */
  readonly events?: readonly { readonly name: string; readonly args: readonly string[] }[];
}

/** The controller that asks, as its certificate names it: USP endpoint id. */
export interface Caller {
  readonly endpointId: string;
}

/**
 * One intended change; paths are instance paths ending with a dot, already resolved and type-checked. A parameter of
 * a single object below the row is named by its relative path, "Stats.Reset".
 */
export type ModelChange =
  | { readonly kind: 'add'; readonly table: string; readonly parameters: ReadonlyMap<string, string> }
  | { readonly kind: 'set'; readonly object: string; readonly parameters: ReadonlyMap<string, string> }
  | { readonly kind: 'delete'; readonly object: string };

/** Why a transaction did not happen: USP codes (TR-369 error table) with the change each is about. */
export interface ChangeFailure {
  /** Index into the changes. */
  readonly index: number;
  readonly code: number;
  readonly message: string;
  readonly parameter?: string;
}

/** Outcome of a transaction; `objects[i]` is the row that change i made or touched, in order. */
export type ChangeResult =
  | { readonly ok: true; readonly objects: readonly string[] }
  | { readonly ok: false; readonly failures: readonly ChangeFailure[] };

/** Outcome of a command. */
export type CommandResult =
  | { readonly ok: true; readonly output: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly code: number; readonly message: string };

/** Something happened in the model, whoever caused it. `visibleTo`: the one endpoint id that may know; else all may. */
export type ModelEvent =
  | {
      readonly kind: 'created';
      readonly object: string;
      readonly uniqueKeys: ReadonlyMap<string, string>;
      readonly visibleTo?: string;
    }
  | {
      readonly kind: 'deleted';
      readonly object: string;
      /** As they were; needed by subscriptions that name rows by expression. */
      readonly uniqueKeys?: ReadonlyMap<string, string>;
      readonly visibleTo?: string;
    }
  | {
      readonly kind: 'changed';
      readonly object: string;
      readonly parameter: string;
      readonly value: string;
      readonly visibleTo?: string;
    }
  | {
      readonly kind: 'event';
      readonly object: string;
      readonly name: string;
      readonly args: ReadonlyMap<string, string>;
      readonly visibleTo?: string;
    };

/**
 * One part of the instantiated data model; the agent composes several by their object paths.
 * All calls but {@link DataModel.perform} are synchronous: an agent answers one message before it takes the next.
 *
 * Values given to a model have passed the checks of their {@link ParameterType} and are in canonical form ("1" as
 * boolean arrives as "true"). What must be unique, the model itself checks in `apply` (code 7025): only it sees the
 * rows of every controller, and the rows that one transaction makes together.
 */
export interface DataModel {
  readonly types: readonly ObjectType[];
  /** Instance numbers below a table ("Device.NAT.PortMapping.") that this caller may see, ascending. */
  instances(table: string, caller: Caller): readonly number[];
  /** All readable parameters of one object ("Device.NAT.PortMapping.3."), or undefined where there is none. */
  read(object: string, caller: Caller): ReadonlyMap<string, string> | undefined;
  /**
   * The row of a table that has these values in all parameters of one of its unique keys, in constant time; undefined
   * where there is none that this caller may see. Without it the agent reads row after row.
   */
  find?(table: string, key: ReadonlyMap<string, string>, caller: Caller): number | undefined;
  /** All of the changes, or none. */
  apply(changes: readonly ModelChange[], caller: Caller): ChangeResult;
  /**
   * What `apply` would say, changing nothing. A model that has it cannot fail in `apply` right after it said yes,
   * so it can share a transaction with one that has it not: that one is then applied first.
   */
  validate?(changes: readonly ModelChange[], caller: Caller): ChangeResult;
  /** Runs a command that answers at once. `command` ends with "()". */
  operate?(object: string, command: string, input: ReadonlyMap<string, string>, caller: Caller): CommandResult;
  /** Runs a command of an `async` {@link CommandType}. Aborted when a controller cancels it or the agent stops. */
  perform?(
    object: string,
    command: string,
    input: ReadonlyMap<string, string>,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<CommandResult>;
  /** Calls `listener` at every event until the returned function is called. */
  observe(listener: (event: ModelEvent) => void): () => void;
}
