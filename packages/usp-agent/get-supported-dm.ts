import {
  CmdType,
  errorCode,
  type GetSupportedDM,
  ObjAccessType,
  ParamAccessType,
  ParamValueType,
  type Path,
  parsePath,
  type UspResponse,
  ValueChangeType,
} from '@sluice/wire/usp';
import { denied, type Refused, spend, type Turn } from './answer.ts';
import type { CommandType, ObjectType, ParameterType, ValueType } from './data-model.ts';
import { notifies, placeOfPath, type SchemaNode } from './schema.ts';
import type { Rights } from './trust.ts';

/** Release of the Device:2 data model that ours is a part of. */
const dataModelUri = 'urn:broadband-forum-org:tr-181-2-19-1';

const objectAccess: Readonly<Record<ObjectType['access'], ObjAccessType>> = {
  readOnly: ObjAccessType.OBJ_READ_ONLY,
  addDelete: ObjAccessType.OBJ_ADD_DELETE,
  addOnly: ObjAccessType.OBJ_ADD_ONLY,
  deleteOnly: ObjAccessType.OBJ_DELETE_ONLY,
};

const valueTypes: Readonly<Record<ValueType, ParamValueType>> = {
  string: ParamValueType.PARAM_STRING,
  boolean: ParamValueType.PARAM_BOOLEAN,
  int: ParamValueType.PARAM_INT,
  unsignedInt: ParamValueType.PARAM_UNSIGNED_INT,
  long: ParamValueType.PARAM_LONG,
  unsignedLong: ParamValueType.PARAM_UNSIGNED_LONG,
  decimal: ParamValueType.PARAM_DECIMAL,
  dateTime: ParamValueType.PARAM_DATE_TIME,
  base64: ParamValueType.PARAM_BASE_64,
  hexBinary: ParamValueType.PARAM_HEX_BINARY,
};

/** What to tell of each object. */
interface Wanted {
  readonly commands: boolean;
  readonly events: boolean;
  readonly params: boolean;
  readonly uniqueKeys: boolean;
}

/** Of children under first_level_only: only that they are there (TP-469 1.73, 1.75). */
const nothing: Wanted = { commands: false, events: false, params: false, uniqueKeys: false };

/** Answers GetSupportedDM: the schema, with "{i}" for instances (TR-369 "The GetSupportedDM Message"). */
export function answerGetSupportedDm(request: GetSupportedDM, turn: Turn): UspResponse {
  const reqObjResults = request.objPaths.map((reqObjPath) => {
    const described = describePath(reqObjPath, request, turn);
    return Array.isArray(described)
      ? { reqObjPath, dataModelInstUri: dataModelUri, supportedObjs: described }
      : { reqObjPath, errCode: described.code, errMsg: described.message };
  });
  return { case: 'getSupportedDmResp', value: { reqObjResults } };
}

function describePath(text: string, request: GetSupportedDM, turn: Turn) {
  const parsed = parsePath(text);
  if (!parsed.ok) return { code: errorCode.invalidPathSyntax, message: parsed.failure.message };
  const node = placeOf(parsed.value, turn);
  if (!node) return unsupported(text);
  if (parsed.value.kind !== 'object') return describeMember(node, parsed.value, turn);
  const wanted: Wanted = {
    commands: request.returnCommands,
    events: request.returnEvents,
    params: request.returnParams,
    uniqueKeys: request.returnUniqueKeySets,
  };
  const described: ReturnType<typeof describe>[] = [];
  describeTree(node, wanted, request.firstLevelOnly ? 1 : Number.POSITIVE_INFINITY, described, turn);
  return described;
}

/** One parameter, command or event, whatever the flags say. */
function describeMember(node: SchemaNode, { kind, name, text }: Path, turn: Turn) {
  const all = kind === 'parameter' ? node.parameters : kind === 'command' ? node.commands : node.events;
  if (!all.has(name)) return unsupported(text);
  const { rights } = turn;
  if (!(kind === 'parameter' ? rights.parameter(node, name, 'r') : rights.member(node, name, 'r'))) return denied(text);
  const only = <T>(members: ReadonlyMap<string, T>): ReadonlyMap<string, T> => {
    const member = members.get(name);
    return new Map(member === undefined ? [] : [[name, member]]);
  };
  const single = {
    ...node,
    parameters: only(node.parameters),
    commands: only(node.commands),
    events: only(node.events),
  };
  return [
    describe(
      single,
      { params: kind === 'parameter', commands: kind === 'command', events: kind === 'event', uniqueKeys: false },
      turn,
    ),
  ];
}

/** The object and what is below it, `levels` deep; at the last level only that it is there. */
function describeTree(
  node: SchemaNode,
  wanted: Wanted,
  levels: number,
  into: ReturnType<typeof describe>[],
  turn: Turn,
): void {
  const described = node.kind === 'table' ? node.children.get('{i}') : node;
  if (!described) return;
  spend(turn);
  if (turn.rights.object(described, 'r')) into.push(describe(described, levels > 0 ? wanted : nothing, turn));
  if (levels < 1) return;
  for (const child of described.children.values()) describeTree(child, wanted, levels - 1, into, turn);
}

function describe(node: SchemaNode, wanted: Wanted, { rights }: Turn) {
  const mayKnow = ({ name }: { readonly name: string }) => rights.member(node, name, 'r');
  return {
    supportedObjPath: node.path,
    access: objectAccess[permittedAccess(node, rights)],
    isMultiInstance: node.kind === 'row',
    supportedParams: wanted.params
      ? [...node.parameters.values()].flatMap((parameter) => describeParameter(node, parameter, rights))
      : [],
    supportedCommands: wanted.commands ? [...node.commands.values()].filter(mayKnow).map(describeCommand) : [],
    supportedEvents: wanted.events
      ? [...node.events.values()].filter(mayKnow).map(({ name, args }) => ({ eventName: name, argNames: [...args] }))
      : [],
    uniqueKeySets: wanted.uniqueKeys ? node.type.uniqueKeys.map((names) => ({ keyNames: [...names] })) : [],
  };
}

function describeParameter(node: SchemaNode, parameter: ParameterType, rights: Rights) {
  const { name, access, list, type } = parameter;
  if (!rights.parameter(node, name, 'r')) return [];
  const writable = access !== 'readOnly' && rights.parameter(node, name, 'w');
  const tells = notifies(parameter) && rights.parameter(node, name, 'n');
  return [
    {
      paramName: name,
      access: writable ? ParamAccessType.PARAM_READ_WRITE : ParamAccessType.PARAM_READ_ONLY,
      valueType: list ? ParamValueType.PARAM_STRING : valueTypes[type],
      valueChange: tells ? ValueChangeType.VALUE_CHANGE_ALLOWED : ValueChangeType.VALUE_CHANGE_WILL_IGNORE,
    },
  ];
}

/** What a type lets anyone do, as far as this controller may. */
function permittedAccess(node: SchemaNode, rights: Rights): ObjectType['access'] {
  const adds = ['addDelete', 'addOnly'].includes(node.type.access) && rights.object(node, 'w');
  const deletes = ['addDelete', 'deleteOnly'].includes(node.type.access) && rights.instances(node, 'w');
  if (adds) return deletes ? 'addDelete' : 'addOnly';
  return deletes ? 'deleteOnly' : 'readOnly';
}

function describeCommand(command: CommandType) {
  return {
    commandName: command.name,
    inputArgNames: command.input.map(({ name }) => name),
    outputArgNames: [...command.output],
    commandType: command.async ? CmdType.CMD_ASYNC : CmdType.CMD_SYNC,
  };
}

/** Instances, `*` and expressions all mean "{i}"; "Device.NAT.PortMapping.Status" may leave the last one out. */
function placeOf(path: Path, turn: Turn): SchemaNode | undefined {
  const node = placeOfPath(turn.root, path);
  return node?.kind === 'table' && path.kind !== 'object' ? node.children.get('{i}') : node;
}

function unsupported(text: string): Refused {
  return { code: errorCode.unsupportedPath, message: `${text} is not in the supported data model` };
}
