import { childOf, element, readXml, textOf, writeXml, type XmlElement, type XmlNode } from '../xml/index.ts';
import { IgdMalformed, orMalformed } from './malformed.ts';

/** What a device is asked to do (UPnP Device Architecture 1.1, 3.2). */
export interface ActionRequest {
  /** The service's type, "urn:schemas-upnp-org:service:WANIPConnection:1". */
  readonly service: string;
  readonly action: string;
  /** In the order of the service's description: many devices go by it. */
  readonly args: readonly (readonly [name: string, value: string])[];
}

/** What a device says to it: the values, or an error of the action with its number (400..899) where it names one. */
export type ActionAnswer =
  | { readonly kind: 'values'; readonly values: ReadonlyMap<string, string> }
  | { readonly kind: 'fault'; readonly code: number | undefined; readonly description: string };

/** Longest body that is read, in octets. */
export const longestSoap = 65_536;
/** Longest body with a list of mappings, in octets. */
export const longestListing = 1_048_576;

const envelope = 'http://schemas.xmlsoap.org/soap/envelope/';
const encoding = 'http://schemas.xmlsoap.org/soap/encoding/';
const control = 'urn:schemas-upnp-org:control-1-0';

/** The value of the SOAPACTION header, quotes included. */
export function soapActionOf({ service, action }: ActionRequest): string {
  return `"${service}#${action}"`;
}

/** The body of a request. */
export function buildRequest({ service, action, args }: ActionRequest): string {
  return enveloped(element(`u:${action}`, argumentNodes(args), { 'xmlns:u': service }));
}

/** The body of a positive answer to a request. */
export function buildAnswer({ service, action }: ActionRequest, values: ActionRequest['args']): string {
  return enveloped(element(`u:${action}Response`, argumentNodes(values), { 'xmlns:u': service }));
}

/** The body of a negative answer. */
export function buildFault(code: number, description: string): string {
  const error = [element('errorCode', String(code)), element('errorDescription', description)];
  return enveloped(
    element('s:Fault', [
      element('faultcode', 's:Client'),
      element('faultstring', 'UPnPError'),
      element('detail', [element('UPnPError', error, { xmlns: control })]),
    ]),
  );
}

/** Reads a request with its SOAPACTION header. Throws {@link IgdMalformed}. */
export function parseRequest(soapAction: string, body: Uint8Array | string): ActionRequest {
  const [, service = '', action = ''] = /^\s*"?([^"#]+)#([^"#]+)"?\s*$/.exec(soapAction) ?? [];
  const asked = bodyOf(body, longestSoap).children[0];
  if (!asked || asked.name !== action) throw new IgdMalformed(`a request of ${asked?.name ?? 'nothing'} as ${action}`);
  return { service, action, args: asked.children.map(({ name, text }) => [name, text]) };
}

/**
 * Reads the answer to a request, whatever its namespaces; of values of one name the first. Throws {@link IgdMalformed}
 * for what is none, be it the answer to another action.
 */
export function parseAnswer(request: ActionRequest, body: Uint8Array | string, mostSize = longestSoap): ActionAnswer {
  const inside = bodyOf(body, mostSize);
  const fault = childOf(inside, 'Fault');
  if (fault) return faultIn(fault);
  const answer = childOf(inside, `${request.action}Response`);
  if (!answer) throw new IgdMalformed(`${inside.children[0]?.name ?? 'nothing'} as answer to ${request.action}`);
  const values = new Map<string, string>();
  for (const { name, text } of answer.children) if (!values.has(name)) values.set(name, text.trim());
  return { kind: 'values', values };
}

function faultIn(fault: XmlElement): ActionAnswer {
  const error = childOf(childOf(fault, 'detail') ?? fault, 'UPnPError');
  const digits = error && textOf(error, 'errorCode');
  const description = (error && textOf(error, 'errorDescription')) ?? textOf(fault, 'faultstring') ?? '';
  return {
    kind: 'fault',
    code: digits !== undefined && /^\d{3}$/.test(digits) ? Number(digits) : undefined,
    description: description.slice(0, 256).toWellFormed(),
  };
}

function bodyOf(body: Uint8Array | string, mostSize: number): XmlElement {
  const root = orMalformed('a SOAP message', () => readXml(body, { mostSize }));
  const inside = root.name === 'Envelope' ? childOf(root, 'Body') : undefined;
  if (!inside) throw new IgdMalformed('XML that is no SOAP envelope');
  return inside;
}

function enveloped(inside: XmlNode): string {
  const attributes = { 'xmlns:s': envelope, 's:encodingStyle': encoding };
  return writeXml(element('s:Envelope', [element('s:Body', [inside])], attributes));
}

function argumentNodes(args: ActionRequest['args']): readonly XmlNode[] {
  return args.map(([name, value]) => element(name, value));
}
