import { element, type XmlNode } from '../xml/index.ts';
import type { CwmpFault, CwmpInform, CwmpMessage, ParameterValue } from './messages.ts';

/** A message as the one element of a SOAP body. Only the outermost has a namespace (TR-069 A.3). */
export function writeMessage(message: CwmpMessage): XmlNode {
  if (message.name === 'Fault') return writeFault(message);
  if (message.name === 'Other') return element(`cwmp:${message.method}`);
  return element(`cwmp:${message.name}`, contentOf(message));
}

function contentOf(message: Exclude<CwmpMessage, CwmpFault | { name: 'Other' }>): readonly XmlNode[] {
  switch (message.name) {
    case 'Inform':
      return informContent(message);
    case 'InformResponse':
      return [element('MaxEnvelopes', '1')];
    case 'GetRPCMethods':
    case 'SetParameterAttributesResponse':
      return [];
    case 'GetRPCMethodsResponse':
      return [strings('MethodList', message.methods)];
    case 'GetParameterNames':
      return [element('ParameterPath', message.path), element('NextLevel', message.nextLevel ? '1' : '0')];
    case 'GetParameterNamesResponse':
      return [
        list(
          'ParameterList',
          'cwmp:ParameterInfoStruct',
          message.parameters.map(({ name, writable }) =>
            element('ParameterInfoStruct', [element('Name', name), element('Writable', writable ? '1' : '0')]),
          ),
        ),
      ];
    case 'GetParameterValues':
      return [strings('ParameterNames', message.names)];
    case 'GetParameterValuesResponse':
      return [values(message.values)];
    case 'SetParameterValues':
      return [values(message.values), element('ParameterKey', message.parameterKey)];
    case 'SetParameterValuesResponse':
    case 'DeleteObjectResponse':
      return [element('Status', String(message.status))];
    case 'SetParameterAttributes':
      return [list('ParameterList', 'cwmp:SetParameterAttributesStruct', message.attributes.map(attribute))];
    case 'AddObject':
    case 'DeleteObject':
      return [element('ObjectName', message.objectName), element('ParameterKey', message.parameterKey)];
    case 'AddObjectResponse':
      return [element('InstanceNumber', String(message.instanceNumber)), element('Status', String(message.status))];
  }
}

function informContent({ deviceId, events, currentTime, retryCount, parameters }: CwmpInform): readonly XmlNode[] {
  return [
    element('DeviceId', [
      element('Manufacturer', deviceId.manufacturer),
      element('OUI', deviceId.oui),
      element('ProductClass', deviceId.productClass),
      element('SerialNumber', deviceId.serialNumber),
    ]),
    list(
      'Event',
      'cwmp:EventStruct',
      events.map(({ code, commandKey }) =>
        element('EventStruct', [element('EventCode', code), element('CommandKey', commandKey)]),
      ),
    ),
    element('MaxEnvelopes', '1'),
    element('CurrentTime', currentTime),
    element('RetryCount', String(retryCount)),
    values(parameters),
  ];
}

function writeFault({ code, message, parameters }: CwmpFault): XmlNode {
  const details = parameters.map((parameter) =>
    element('SetParameterValuesFault', [
      element('ParameterName', parameter.name),
      element('FaultCode', String(parameter.code)),
      element('FaultString', parameter.message),
    ]),
  );
  return element('soap-env:Fault', [
    // 8000 to 8799 and 9000 to 9799 but for these are the asker's fault (TR-069 A.5).
    element('faultcode', [8002, 8004, 8005, 9002, 9004].includes(code) ? 'Server' : 'Client'),
    element('faultstring', 'CWMP fault'),
    element('detail', [
      element('cwmp:Fault', [element('FaultCode', String(code)), element('FaultString', message), ...details]),
    ]),
  ]);
}

function values(parameters: readonly ParameterValue[]): XmlNode {
  return list(
    'ParameterList',
    'cwmp:ParameterValueStruct',
    parameters.map(({ name, value, type }) =>
      element('ParameterValueStruct', [element('Name', name), element('Value', value, { 'xsi:type': `xsd:${type}` })]),
    ),
  );
}

function attribute({ name, notification }: { name: string; notification: number }): XmlNode {
  return element('SetParameterAttributesStruct', [
    element('Name', name),
    element('NotificationChange', '1'),
    element('Notification', String(notification)),
    element('AccessListChange', '0'),
    element('AccessList', []),
  ]);
}

function strings(name: string, items: readonly string[]): XmlNode {
  return list(
    name,
    'xsd:string',
    items.map((item) => element('string', item)),
  );
}

function list(name: string, type: string, items: readonly XmlNode[]): XmlNode {
  return element(name, items, { 'soap-enc:arrayType': `${type}[${items.length}]` });
}
