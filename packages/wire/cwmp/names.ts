/** Namespaces of CWMP's own elements, by how new they are (TR-069 A.3, cwmp-1-0.xsd to cwmp-1-4.xsd). */
export const cwmpNamespaces: readonly string[] = [
  'urn:dslforum-org:cwmp-1-0',
  'urn:dslforum-org:cwmp-1-1',
  'urn:dslforum-org:cwmp-1-2',
  'urn:dslforum-org:cwmp-1-3',
  'urn:dslforum-org:cwmp-1-4',
];

/** What is answered to a device whose namespace cannot be told. */
export const oldestNamespace = 'urn:dslforum-org:cwmp-1-0';

export const soapEnvelope = 'http://schemas.xmlsoap.org/soap/envelope/';
export const soapEncoding = 'http://schemas.xmlsoap.org/soap/encoding/';
export const xmlSchema = 'http://www.w3.org/2001/XMLSchema';
export const xmlSchemaInstance = 'http://www.w3.org/2001/XMLSchema-instance';

/** "Device.NAT.PortMapping.": names, each with a dot, the last of which is no instance number. */
export function isTablePath(path: string): boolean {
  return path.length <= 256 && /^(?:[A-Za-z_][\w-]*\.(?:\d{1,10}\.)?)*[A-Za-z_][\w-]*\.$/.test(path);
}

/** "Device.NAT.PortMapping.3.": the path of a table and an instance number. */
export function isInstancePath(path: string): boolean {
  return path.length <= 256 && /^(?:[A-Za-z_][\w-]*\.(?:\d{1,10}\.)?)*[A-Za-z_][\w-]*\.[1-9]\d{0,9}\.$/.test(path);
}
