import {
  childOf,
  childrenOf,
  element,
  readXml,
  textOf,
  writeXml,
  type XmlElement,
  type XmlNode,
} from '../xml/index.ts';
import { IgdMalformed, orMalformed } from './malformed.ts';

/** What a device is and has, as its description says (UPnP Device Architecture 1.1, 2.3). Texts are cut at 256 characters. */
export interface DescribedDevice {
  /** "urn:schemas-upnp-org:device:InternetGatewayDevice:2". */
  readonly type: string;
  /** "uuid:...", the same for ever. */
  readonly udn: string;
  readonly friendlyName: string;
  readonly manufacturer: string;
  readonly modelName: string;
  readonly modelNumber: string;
  readonly modelDescription: string;
  readonly services: readonly ServiceDescription[];
  /** Devices within it. */
  readonly devices: readonly DescribedDevice[];
}

/** A service of a device. URLs may be relative to the description's. */
export interface ServiceDescription {
  /** "urn:schemas-upnp-org:service:WANIPConnection:2". */
  readonly type: string;
  readonly id: string;
  readonly controlUrl: string;
  readonly eventUrl: string;
  readonly scpdUrl: string;
}

/** A whole description. */
export interface Description {
  /** What relative URLs are relative to; left out, the description's own URL. */
  readonly urlBase?: string;
  readonly device: DescribedDevice;
}

/** Longest description that is read, in octets. */
export const longestDescription = 131_072;
const longestText = 256;
const namespace = 'urn:schemas-upnp-org:device-1-0';

/** Reads a description, whatever its namespace. Throws {@link IgdMalformed}. */
export function parseDescription(bytes: Uint8Array): Description {
  const root = orMalformed('a description', () => readXml(bytes, { mostSize: longestDescription }));
  const device = root.name === 'root' ? childOf(root, 'device') : undefined;
  if (!device) throw new IgdMalformed('a description without a device');
  const urlBase = textOf(root, 'URLBase');
  return { ...(urlBase && { urlBase }), device: deviceIn(device) };
}

function deviceIn(device: XmlElement): DescribedDevice {
  const text = (name: string) => cut(textOf(device, name));
  const services = childrenOf(childOf(device, 'serviceList') ?? nothing, 'service').map((service) => ({
    type: cut(textOf(service, 'serviceType')),
    id: cut(textOf(service, 'serviceId')),
    controlUrl: textOf(service, 'controlURL') ?? '',
    eventUrl: textOf(service, 'eventSubURL') ?? '',
    scpdUrl: textOf(service, 'SCPDURL') ?? '',
  }));
  return {
    type: text('deviceType'),
    udn: text('UDN'),
    friendlyName: text('friendlyName'),
    manufacturer: text('manufacturer'),
    modelName: text('modelName'),
    modelNumber: text('modelNumber'),
    modelDescription: text('modelDescription'),
    services,
    devices: childrenOf(childOf(device, 'deviceList') ?? nothing, 'device').map(deviceIn),
  };
}

const nothing: XmlElement = { name: '', namespace: '', attributes: [], children: [], text: '' };

function cut(text: string | undefined): string {
  return text?.slice(0, longestText).trimEnd().toWellFormed() ?? '';
}

/** Writes a description. */
export function buildDescription({ urlBase, device }: Description): string {
  const version = element('specVersion', [element('major', '1'), element('minor', '1')]);
  const base = urlBase === undefined ? [] : [element('URLBase', urlBase)];
  return writeXml(element('root', [version, ...base, deviceNode(device)], { xmlns: namespace }));
}

function deviceNode(device: DescribedDevice): XmlNode {
  const services = device.services.map(({ type, id, controlUrl, eventUrl, scpdUrl }) =>
    element('service', [
      element('serviceType', type),
      element('serviceId', id),
      element('controlURL', controlUrl),
      element('eventSubURL', eventUrl),
      element('SCPDURL', scpdUrl),
    ]),
  );
  return element('device', [
    element('deviceType', device.type),
    element('friendlyName', device.friendlyName),
    element('manufacturer', device.manufacturer),
    element('modelDescription', device.modelDescription),
    element('modelName', device.modelName),
    element('modelNumber', device.modelNumber),
    element('UDN', device.udn),
    element('serviceList', services),
    element('deviceList', device.devices.map(deviceNode)),
  ]);
}

/** Every service of a device and the devices within it, outermost first. */
export function servicesOf(device: DescribedDevice): readonly ServiceDescription[] {
  return [...device.services, ...device.devices.flatMap(servicesOf)];
}
