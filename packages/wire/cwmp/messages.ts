/** What one HTTP body of CWMP carries (MaxEnvelopes is 1). */
export interface CwmpEnvelope {
  /** One of {@link cwmpNamespaces}, as the device writes it. */
  readonly namespace: string;
  /** cwmp:ID, echoed in the answer; devices leave it out, or make up their own. */
  readonly id?: string;
  readonly message: CwmpMessage;
}

/** A parameter with its value, as xsd lexical text. */
export interface ParameterValue {
  readonly name: string;
  readonly value: string;
  /** xsd type without prefix: string, boolean, int, unsignedInt, dateTime, ... */
  readonly type: string;
}

/** A parameter, or where its name ends in a dot an object, as GetParameterNames lists it. */
export interface ParameterName {
  readonly name: string;
  readonly writable: boolean;
}

/** How a device names itself (TR-069 A.3.3.1). */
export interface CwmpDeviceId {
  readonly manufacturer: string;
  /** Six hexadecimal digits, upper case; devices write others. */
  readonly oui: string;
  readonly productClass: string;
  readonly serialNumber: string;
}

/** Why a session began: "0 BOOTSTRAP", "6 CONNECTION REQUEST", ... */
export interface CwmpEvent {
  readonly code: string;
  readonly commandKey: string;
}

/** The first message of a session. */
export interface CwmpInform {
  readonly name: 'Inform';
  readonly deviceId: CwmpDeviceId;
  readonly events: readonly CwmpEvent[];
  readonly currentTime: string;
  readonly retryCount: number;
  readonly parameters: readonly ParameterValue[];
}

/** What the ACS asks of a device. `parameterKey`: at most 32 characters, kept by the device when the call succeeds. */
export type CwmpCall =
  | { readonly name: 'GetRPCMethods' }
  | { readonly name: 'GetParameterNames'; readonly path: string; readonly nextLevel: boolean }
  | { readonly name: 'GetParameterValues'; readonly names: readonly string[] }
  | { readonly name: 'SetParameterValues'; readonly values: readonly ParameterValue[]; readonly parameterKey: string }
  | {
      readonly name: 'SetParameterAttributes';
      /** 0 off, 1 passive, 2 active (TR-069 A.3.2.4). */
      readonly attributes: readonly { readonly name: string; readonly notification: number }[];
    }
  | { readonly name: 'AddObject'; readonly objectName: string; readonly parameterKey: string }
  | { readonly name: 'DeleteObject'; readonly objectName: string; readonly parameterKey: string };

/** A "no" of either end (TR-069 A.3.4.1, A.5). */
export interface CwmpFault {
  readonly name: 'Fault';
  /** 9000 and up from a device, 8000 and up from the ACS; 0 where a SOAP fault tells none. */
  readonly code: number;
  readonly message: string;
  /** What SetParameterValues found wrong, by parameter. */
  readonly parameters: readonly { readonly name: string; readonly code: number; readonly message: string }[];
}

/** What a device answers. Status 0: in effect; 1: only after a reboot. */
export type CwmpAnswer =
  | { readonly name: 'GetRPCMethodsResponse'; readonly methods: readonly string[] }
  | { readonly name: 'GetParameterNamesResponse'; readonly parameters: readonly ParameterName[] }
  | { readonly name: 'GetParameterValuesResponse'; readonly values: readonly ParameterValue[] }
  | { readonly name: 'SetParameterValuesResponse'; readonly status: number }
  | { readonly name: 'SetParameterAttributesResponse' }
  | { readonly name: 'AddObjectResponse'; readonly instanceNumber: number; readonly status: number }
  | { readonly name: 'DeleteObjectResponse'; readonly status: number }
  | CwmpFault;

/**
 * Every message. `Other` is any method besides, of whose body nothing is kept: a device's TransferComplete, Kicked and
 * the like, and the ACS's empty answers to them.
 */
export type CwmpMessage =
  | CwmpInform
  | { readonly name: 'InformResponse' }
  | CwmpCall
  | CwmpAnswer
  | { readonly name: 'Other'; readonly method: string };
