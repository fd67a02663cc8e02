import type { Turn } from './answer.ts';
import { answerGet } from './get.ts';

/** Why the agent starts, as its Boot! event tells (TR-181 Device.Boot!). */
export interface BootCause {
  readonly cause: 'LocalReboot' | 'RemoteReboot' | 'FactoryReset' | 'LocalFactoryReset' | 'RemoteFactoryReset';
  readonly reason?: string;
  readonly commandKey?: string;
  readonly firmwareUpdated?: boolean;
}

/** Arguments of Boot! for one controller; `bootParameters` is its BootParameter table. */
export function bootArguments(
  { cause, reason, commandKey, firmwareUpdated }: BootCause,
  bootParameters: string,
  turn: Turn,
): Record<string, string> {
  return {
    CommandKey: commandKey ?? '',
    Cause: cause,
    Reason: reason ?? '',
    FirmwareUpdated: String(firmwareUpdated ?? false),
    ParameterMap: JSON.stringify(parameterMap(bootParameters, turn)),
  };
}

/** Values of the parameters that the controller wants to know at every boot, by path. */
function parameterMap(bootParameters: string, turn: Turn): Record<string, string> {
  const enabled = `${bootParameters}[Enable==true].ParameterName`;
  const paths = Object.values(read([enabled], turn));
  return read(paths, turn);
}

function read(paramPaths: string[], turn: Turn): Record<string, string> {
  const values: Record<string, string> = {};
  const answer = answerGet({ paramPaths, maxDepth: 0 }, turn);
  for (const { resolvedPathResults } of answer.value.reqPathResults) {
    for (const { resolvedPath, resultParams } of resolvedPathResults ?? []) {
      for (const [name, value] of Object.entries(resultParams)) values[`${resolvedPath}${name}`] = value;
    }
  }
  return values;
}
