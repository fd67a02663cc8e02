import { errorCode, type Operate, parsePath } from '@sluice/wire/usp';
import { type Answer, denied, errorAnswer, type Turn } from './answer.ts';
import type { CommandType, DataModel } from './data-model.ts';
import type { Found } from './reference.ts';
import { resolve } from './resolve.ts';

/** A command that takes time, on one object. */
export interface AsyncCommand {
  readonly model: DataModel;
  readonly object: string;
  readonly command: string;
  readonly commandKey: string;
  readonly input: ReadonlyMap<string, string>;
}

/** Starts a command and returns the path of its Request row; undefined where too many are running. */
export type StartCommand = (command: AsyncCommand, turn: Turn) => string | undefined;

/** Answers Operate: every object by itself; what fails in a command is in its result (R-OPR.1). */
export function answerOperate(request: Operate, turn: Turn, start: StartCommand): Answer {
  const parsed = parsePath(request.command);
  if (!parsed.ok) return errorAnswer({ code: errorCode.invalidPathSyntax, message: parsed.failure.message });
  const { kind, name } = parsed.value;
  const resolved = resolve(parsed.value, turn);
  if (!resolved.ok) return errorAnswer(resolved.refused);
  const known = resolved.node === undefined || resolved.node.commands.has(name);
  if (kind !== 'command' || !known) {
    const message = `${request.command} is not in the supported data model`;
    return errorAnswer({ code: errorCode.unsupportedPath, message });
  }
  const places = [...(resolved.node ? [resolved.node] : []), ...resolved.found.map(({ node }) => node)];
  if (places.some((place) => !turn.rights.member(place, name, 'x'))) return errorAnswer(denied(request.command));
  const operationResults = resolved.found.map((found) => ({
    executedCommand: `${found.path}${name}`,
    operationResp: operateOne(found, name, request, turn, start),
  }));
  return { case: 'operateResp', value: { operationResults } };
}

/** Whether nothing in an answer says that something went wrong: then send_resp false means silence (R-OPR.4). */
export function allSucceeded(answer: Answer): boolean {
  if (answer.case !== 'operateResp') return answer.case !== 'error';
  return (answer.value.operationResults ?? []).every((result) => result.operationResp?.case !== 'cmdFailure');
}

function operateOne(found: Found, name: string, request: Operate, turn: Turn, start: StartCommand) {
  const type = found.node.commands.get(name);
  const model = found.node.model;
  if (!type || !model) return failure(errorCode.unsupportedPath, `${found.path} has no ${name}`);
  const input = inputOf(type, request.inputArgs);
  if (typeof input === 'string') return failure(errorCode.invalidCommandArguments, `${input} is missing`);
  if (type.async) {
    const command = { model, object: found.path, command: name, commandKey: request.commandKey, input };
    const path = start(command, turn);
    if (path === undefined) return failure(errorCode.resourcesExceeded, 'too many commands are running');
    return { case: 'reqObjPath' as const, value: path };
  }
  const result = model.operate?.(found.path, name, input, turn.caller);
  if (!result) return failure(errorCode.commandFailure, `${name} cannot be run`);
  if (!result.ok) return failure(result.code, result.message);
  return { case: 'reqOutputArgs' as const, value: { outputArgs: Object.fromEntries(result.output) } };
}

/** The arguments that the command knows (R-OPR.6), or the name of a mandatory one that is missing (R-OPR.5). */
function inputOf(type: CommandType, given: Readonly<Record<string, string>>): ReadonlyMap<string, string> | string {
  const input = new Map<string, string>();
  for (const { name, required } of type.input) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value !== undefined) input.set(name, value);
    else if (required) return name;
  }
  return input;
}

function failure(errCode: number, errMsg: string) {
  return { case: 'cmdFailure' as const, value: { errCode, errMsg } };
}
