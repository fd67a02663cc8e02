/** Words of the TR-181 data model that USP (TR-369) and CWMP (TR-069) both carry. */
export * from './chain-to-fill.ts';
export * from './expiry.ts';
export * from './narrowing-rule.ts';
