import { request as httpRequest } from 'node:http';
import { addRequest, deleteRequest, getRequest, setRequest, type UspRequest } from '@sluice/wire/usp';

type Values = Readonly<Record<string, string>>;

/** What a test tells the controller on its host to do. */
export type Order =
  | { readonly kind: 'online'; readonly gatewayId: string }
  | { readonly kind: 'news'; readonly text: string }
  | { readonly kind: 'add'; readonly gatewayId: string; readonly rows: readonly { table: string; values: Values }[] }
  | { readonly kind: 'set'; readonly gatewayId: string; readonly objects: readonly { path: string; values: Values }[] }
  | { readonly kind: 'get' | 'delete'; readonly gatewayId: string; readonly paths: readonly string[] };

/** The USP request that an order stands for. */
export function requestOf(order: Exclude<Order, { kind: 'online' | 'news' }>): UspRequest {
  switch (order.kind) {
    case 'add':
      return addRequest(order.rows);
    case 'set':
      return setRequest(order.objects);
    case 'get':
      return getRequest(order.paths);
    case 'delete':
      return deleteRequest(order.paths);
  }
}

/** Gives an order to the controller behind a Unix socket; its answer, as JSON. */
export function giveOrder(socketPath: string, order: Order, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ socketPath, method: 'POST', signal }, async (response) => {
      resolve(Buffer.concat(await response.toArray()).toString());
    });
    asked.on('error', reject);
    asked.end(JSON.stringify(order));
  });
}
