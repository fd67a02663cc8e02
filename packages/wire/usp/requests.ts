import type { UspRequest } from './message.ts';

/** Parameter values of one row, as USP text. */
export type RowValues = Readonly<Record<string, string>>;

/** Get: the readable parameters under each path; `maxDepth` 0 is all, 1 the object alone (R-GET.5). */
export function getRequest(paths: readonly string[], maxDepth = 0): UspRequest {
  return { case: 'get', value: { paramPaths: [...paths], maxDepth } };
}

/** Add: all rows, or none (allow_partial=false). Every value given is required. */
export function addRequest(rows: readonly { readonly table: string; readonly values: RowValues }[]): UspRequest {
  const createObjs = rows.map(({ table, values }) => ({ objPath: table, paramSettings: settings(values) }));
  return { case: 'add', value: { allowPartial: false, createObjs } };
}

/** Set: all objects, or none. `path` is an instance path or a search path. */
export function setRequest(objects: readonly { readonly path: string; readonly values: RowValues }[]): UspRequest {
  const updateObjs = objects.map(({ path, values }) => ({ objPath: path, paramSettings: settings(values) }));
  return { case: 'set', value: { allowPartial: false, updateObjs } };
}

/** Delete: all rows, or none; what is gone already counts as deleted (R-DEL.2a). */
export function deleteRequest(paths: readonly string[]): UspRequest {
  return { case: 'delete', value: { allowPartial: false, objPaths: [...paths] } };
}

/** Operate: one command, "Device.X.Command()", answered. `key` comes back in OperationComplete. */
export function operateRequest(command: string, inputArgs: RowValues, key = ''): UspRequest {
  return { case: 'operate', value: { command, commandKey: key, sendResp: true, inputArgs } };
}

/** GetInstances: rows and their keys under each table. */
export function getInstancesRequest(tables: readonly string[], firstLevelOnly = true): UspRequest {
  return { case: 'getInstances', value: { objPaths: [...tables], firstLevelOnly } };
}

/** GetSupportedProtocol, with the versions that this controller speaks. */
export function getSupportedProtocolRequest(): UspRequest {
  return { case: 'getSupportedProtocol', value: { controllerSupportedProtocolVersions: '1.3,1.4' } };
}

/** GetSupportedDM of whole branches: objects, parameters, commands, events. */
export function getSupportedModelRequest(paths: readonly string[]): UspRequest {
  return {
    case: 'getSupportedDm',
    value: {
      objPaths: [...paths],
      firstLevelOnly: false,
      returnCommands: true,
      returnEvents: true,
      returnParams: true,
      returnUniqueKeySets: true,
    },
  };
}

function settings(values: RowValues): { param: string; value: string; required: boolean }[] {
  return Object.entries(values).map(([param, value]) => ({ param, value, required: true }));
}
