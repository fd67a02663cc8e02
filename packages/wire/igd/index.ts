/** UPnP Internet Gateway Device, versions 1 and 2: SSDP, descriptions, SOAP, and the actions that open and close. */
export * from './connection.ts';
export * from './description.ts';
export * from './errors.ts';
export { IgdMalformed } from './malformed.ts';
export * from './pinhole.ts';
export * from './port-mapping.ts';
export * from './services.ts';
export * from './soap.ts';
export * from './ssdp.ts';
export type { Values } from './values.ts';
