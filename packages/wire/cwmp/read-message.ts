import { attributeOf, childOf, childrenOf, textOf, type XmlElement } from '../xml/index.ts';
import { CwmpMalformed } from './malformed.ts';
import type { CwmpFault, CwmpInform, CwmpMessage, ParameterValue } from './messages.ts';

/** Most events that an Inform may name (TR-069 A.3.3.1). */
const mostEvents = 64;

/** The message in a SOAP body's first element. Throws {@link CwmpMalformed}. */
export function readMessage(body: XmlElement): CwmpMessage {
  const read = Object.hasOwn(readers, body.name) ? readers[body.name] : undefined;
  return read ? read(body) : { name: 'Other', method: body.name.slice(0, 64) };
}

const readers: Readonly<Record<string, (body: XmlElement) => CwmpMessage>> = {
  Inform: readInform,
  InformResponse: () => ({ name: 'InformResponse' }),
  Fault: readFault,

  GetRPCMethodsResponse: (body) => ({
    name: 'GetRPCMethodsResponse',
    methods: listIn(body, 'MethodList').map(({ text }) => text.trim()),
  }),
  GetParameterNamesResponse: (body) => ({
    name: 'GetParameterNamesResponse',
    parameters: listIn(body, 'ParameterList').flatMap((item) => {
      const name = textOf(item, 'Name');
      return name ? [{ name, writable: isTrue(textOf(item, 'Writable')) }] : [];
    }),
  }),
  GetParameterValuesResponse: (body) => ({
    name: 'GetParameterValuesResponse',
    values: readValues(listIn(body, 'ParameterList')),
  }),
  SetParameterValuesResponse: (body) => ({ name: 'SetParameterValuesResponse', status: statusIn(body) }),
  SetParameterAttributesResponse: () => ({ name: 'SetParameterAttributesResponse' }),
  AddObjectResponse: (body) => ({
    name: 'AddObjectResponse',
    instanceNumber: numberIn(body, 'InstanceNumber', 1),
    status: statusIn(body),
  }),
  DeleteObjectResponse: (body) => ({ name: 'DeleteObjectResponse', status: statusIn(body) }),

  GetRPCMethods: () => ({ name: 'GetRPCMethods' }),
  GetParameterNames: (body) => ({
    name: 'GetParameterNames',
    path: textOf(body, 'ParameterPath') ?? '',
    nextLevel: isTrue(textOf(body, 'NextLevel')),
  }),
  GetParameterValues: (body) => ({
    name: 'GetParameterValues',
    names: listIn(body, 'ParameterNames').map(({ text }) => text.trim()),
  }),
  SetParameterValues: (body) => ({
    name: 'SetParameterValues',
    values: readValues(listIn(body, 'ParameterList')),
    parameterKey: textOf(body, 'ParameterKey') ?? '',
  }),
  SetParameterAttributes: (body) => ({
    name: 'SetParameterAttributes',
    attributes: listIn(body, 'ParameterList').map((item) => ({
      name: textOf(item, 'Name') ?? '',
      notification: numberIn(item, 'Notification', 0),
    })),
  }),
  AddObject: (body) => ({ name: 'AddObject', ...objectIn(body) }),
  DeleteObject: (body) => ({ name: 'DeleteObject', ...objectIn(body) }),
};

function readInform(body: XmlElement): CwmpInform {
  const device = childOf(body, 'DeviceId');
  const oui = device && textOf(device, 'OUI');
  const serialNumber = device && textOf(device, 'SerialNumber');
  if (!device || !oui || !serialNumber) throw new CwmpMalformed('an Inform that does not say of which device');
  const events = listIn(body, 'Event');
  if (events.length > mostEvents) throw new CwmpMalformed(`an Inform with ${events.length} events`);
  return {
    name: 'Inform',
    deviceId: {
      manufacturer: textOf(device, 'Manufacturer') ?? '',
      oui,
      productClass: textOf(device, 'ProductClass') ?? '',
      serialNumber,
    },
    events: events.map((event) => ({
      code: textOf(event, 'EventCode') ?? '',
      commandKey: textOf(event, 'CommandKey') ?? '',
    })),
    currentTime: textOf(body, 'CurrentTime') ?? '',
    retryCount: wholeNumber(textOf(body, 'RetryCount')) ?? 0,
    parameters: readValues(listIn(body, 'ParameterList')),
  };
}

/** A SOAP fault; where it is one of CWMP, its detail has the code that counts. */
function readFault(body: XmlElement): CwmpFault {
  const detail = childOf(body, 'detail') ?? childOf(body, 'Detail');
  const told = (detail && childOf(detail, 'Fault')) ?? detail ?? body;
  return {
    name: 'Fault',
    code: wholeNumber(textOf(told, 'FaultCode')) ?? 0,
    message: textOf(told, 'FaultString') ?? textOf(body, 'faultstring') ?? '',
    parameters: childrenOf(told, 'SetParameterValuesFault').map((fault) => ({
      name: textOf(fault, 'ParameterName') ?? '',
      code: wholeNumber(textOf(fault, 'FaultCode')) ?? 0,
      message: textOf(fault, 'FaultString') ?? '',
    })),
  };
}

function readValues(items: readonly XmlElement[]): readonly ParameterValue[] {
  return items.flatMap((item) => {
    const name = textOf(item, 'Name');
    const value = childOf(item, 'Value');
    if (!name) return [];
    const type = value && attributeOf(value, 'type');
    return [{ name, value: value?.text ?? '', type: type?.slice(type.indexOf(':') + 1) || 'string' }];
  });
}

function listIn(body: XmlElement, name: string): readonly XmlElement[] {
  return childOf(body, name)?.children ?? [];
}

function objectIn(body: XmlElement): { objectName: string; parameterKey: string } {
  return { objectName: textOf(body, 'ObjectName') ?? '', parameterKey: textOf(body, 'ParameterKey') ?? '' };
}

/** Devices leave the status out where they mean 0. */
function statusIn(body: XmlElement): number {
  return textOf(body, 'Status') ? numberIn(body, 'Status', 0) : 0;
}

function numberIn(body: XmlElement, name: string, least: number): number {
  const number = wholeNumber(textOf(body, name));
  if (number === undefined || number < least)
    throw new CwmpMalformed(`${body.name} with ${name} "${(textOf(body, name) ?? '').slice(0, 20)}"`);
  return number;
}

function wholeNumber(text: string | undefined): number | undefined {
  const number = text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  return number !== undefined && number <= 0xffffffff ? number : undefined;
}

function isTrue(text: string | undefined): boolean {
  return text === '1' || text?.toLowerCase() === 'true';
}
