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

/** Values by name or partial path; none where the device knows no such name. */
export async function readValues(
  device: DeviceConversation,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly ParameterValue[]> {
  try {
    return (await answerTo(device, { name: 'GetParameterValues', names }, signal)).values;
  } catch (error) {
    if (isUnknownName(error)) return [];
    throw error;
  }
}

/** What is directly below a path; nothing where the device knows no such path. */
export async function readNames(
  device: DeviceConversation,
  path: string,
  signal: AbortSignal,
): Promise<readonly ParameterName[]> {
  try {
    return (await answerTo(device, { name: 'GetParameterNames', path, nextLevel: true }, signal)).parameters;
  } catch (error) {
    if (isUnknownName(error)) return [];
    throw error;
  }
}

/** Invalid parameter name; some devices call it an invalid argument (TR-069 A.5). */
function isUnknownName(error: unknown): boolean {
  const known: readonly number[] = [faultCode.invalidParameterName, faultCode.invalidArguments];
  return error instanceof DeviceFault && known.includes(error.fault.code);
}
