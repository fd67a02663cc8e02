import type { Refusal } from '@sluice/model';
import type { ChangeFailure } from '@sluice/usp-agent';
import { errorCode, errorOfRefusal } from '@sluice/wire/usp';

/** Why one change of several cannot be. */
export type Fault = Omit<ChangeFailure, 'index'>;

/** A refusal of the policy as a USP error; the sentence goes along. */
export function faultOf(refusal: Refusal, parameter?: string): Fault {
  const code =
    errorOfRefusal(refusal.code) ??
    (refusal.code === 'not-permitted' ? errorCode.permissionDenied : errorCode.requestDenied);
  return parameter === undefined ? { code, message: refusal.message } : { code, message: refusal.message, parameter };
}

/** A value that parses but cannot be held. */
export function invalidValue(parameter: string, message: string): Fault {
  return { code: errorCode.invalidValue, message: `${parameter}: ${message}`, parameter };
}
