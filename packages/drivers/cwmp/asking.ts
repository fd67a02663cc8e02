import type { CwmpAnswer, CwmpCall, CwmpFault, ParameterName, ParameterValue } from '@sluice/wire/cwmp';
import { faultCode } from '@sluice/wire/cwmp';
import type { DeviceConversation } from './port.ts';

/** A device said no. */
export class DeviceFault extends Error {
  override readonly name = 'DeviceFault';
  readonly fault: CwmpFault;
  constructor(call: CwmpCall['name'], fault: CwmpFault) {
    super(`${call}: ${wordsOf(fault)}`);
    this.fault = fault;
  }
}

/** "9003 Invalid arguments (RemoteHost: 9007 only \"\")" */
export function wordsOf({ code, message, parameters }: CwmpFault): string {
  const details = parameters
    .slice(0, 4)
    .map((each) => `${each.name.split('.').at(-1)}: ${each.code} ${each.message}`.slice(0, 80));
  return `${code} ${message.slice(0, 120)}${details.length === 0 ? '' : ` (${details.join('; ')})`}`;
}

/** The answer to a call; throws {@link DeviceFault} where it is a fault, and what `ask` throws. */
export async function answerTo<N extends CwmpCall['name']>(
  device: DeviceConversation,
  call: CwmpCall & { readonly name: N },
  signal: AbortSignal,
): Promise<Extract<CwmpAnswer, { readonly name: `${N}Response` }>> {
  const answer = await device.ask(call, signal);
  if (answer.name === 'Fault') throw new DeviceFault(call.name, answer);
  return answer as Extract<CwmpAnswer, { readonly name: `${N}Response` }>;
}

/** Values by full name; none where the device knows one of them not. */
export async function readValues(
  device: DeviceConversation,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly ParameterValue[]> {
  try {
    return await valuesOf(device, names, signal);
  } catch (error) {
    if (isUnknownName(error)) return [];
    throw error;
  }
}

/** What is below a path, directly or at any depth; nothing where the device knows no such path. */
export async function readNames(
  device: DeviceConversation,
  path: string,
  nextLevel: boolean,
  signal: AbortSignal,
): Promise<readonly ParameterName[]> {
  try {
    return (await answerTo(device, { name: 'GetParameterNames', path, nextLevel }, signal)).parameters;
  } catch (error) {
    if (isUnknownName(error)) return [];
    throw error;
  }
}

/** Names in one question. */
const together = 128;

/** A path, and which of the names below it are wanted. */
export interface Part {
  readonly path: string;
  readonly wanted: (name: string) => boolean;
}

/** Every value below a path whose name is wanted; see {@link readTogether}. */
export function readBelow(
  device: DeviceConversation,
  path: string,
  wanted: (name: string) => boolean,
  signal: AbortSignal,
): Promise<readonly ParameterValue[]> {
  return readTogether(device, [{ path, wanted }], signal);
}

/**
 * Every value below some paths whose name is wanted. Names first, then values by their full names: devices stumble over
 * partial paths, which most configuration servers never ask for. What vanishes in between is looked for once more.
 */
export async function readTogether(
  device: DeviceConversation,
  parts: readonly Part[],
  signal: AbortSignal,
): Promise<readonly ParameterValue[]> {
  for (let again = false; ; again = true) {
    const names: string[] = [];
    for (const { path, wanted } of parts)
      for (const { name } of await readNames(device, path, false, signal))
        if (name.startsWith(path) && !name.endsWith('.') && wanted(name)) names.push(name);
    try {
      return await valuesOf(device, names, signal);
    } catch (error) {
      if (again || !isUnknownName(error)) throw error;
    }
  }
}

async function valuesOf(
  device: DeviceConversation,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly ParameterValue[]> {
  const values: ParameterValue[] = [];
  for (let at = 0; at < names.length; at += together) {
    const some = names.slice(at, at + together);
    values.push(...(await answerTo(device, { name: 'GetParameterValues', names: some }, signal)).values);
  }
  return values;
}

/** Invalid parameter name; some devices call it an invalid argument (TR-069 A.5). */
function isUnknownName(error: unknown): boolean {
  const known: readonly number[] = [faultCode.invalidParameterName, faultCode.invalidArguments];
  return error instanceof DeviceFault && known.includes(error.fault.code);
}
