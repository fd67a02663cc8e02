import type { Notify } from '@sluice/wire/usp';
import { responseOf, settle, type TestController } from './rig.ts';

/** Table of subscriptions. */
export const subscriptions = 'Device.LocalAgent.Subscription.';

/** The controller's own row, as the test agent names it. */
export const ownRow = 'Device.LocalAgent.Controller.1.';

/** Adds an enabled subscription and returns its path. */
export async function subscribe(
  controller: TestController,
  notifType: string,
  referenceList: string,
  more: Record<string, string> = {},
): Promise<string> {
  const settings = { Enable: 'true', NotifType: notifType, ReferenceList: referenceList, ...more };
  const paramSettings = Object.entries(settings).map(([param, value]) => ({ param, value, required: true }));
  const answer = await controller.ask({
    case: 'add',
    value: { allowPartial: false, createObjs: [{ objPath: subscriptions, paramSettings }] },
  });
  const [made] = responseOf(answer, 'addResp').createdObjResults;
  const status = made?.operStatus?.operStatus;
  if (status?.case !== 'operSuccess') throw new Error('not subscribed');
  return status.value.instantiatedPath;
}

/** Sets one parameter of an object. */
export async function set(controller: TestController, objPath: string, param: string, value: string): Promise<void> {
  const answer = await controller.ask({
    case: 'set',
    value: { allowPartial: false, updateObjs: [{ objPath, paramSettings: [{ param, value, required: true }] }] },
  });
  responseOf(answer, 'setResp');
  await settle();
}

/** Adds a row with these parameters and returns its path. */
export async function add(controller: TestController, objPath: string, cells: Record<string, string>): Promise<string> {
  const paramSettings = Object.entries(cells).map(([param, value]) => ({ param, value, required: true }));
  const answer = await controller.ask({ case: 'add', value: { createObjs: [{ objPath, paramSettings }] } });
  await settle();
  const status = responseOf(answer, 'addResp').createdObjResults[0]?.operStatus?.operStatus;
  if (status?.case !== 'operSuccess') throw new Error('not added');
  return status.value.instantiatedPath;
}

/** Deletes a row. */
export async function remove(controller: TestController, path: string): Promise<void> {
  responseOf(await controller.ask({ case: 'delete', value: { objPaths: [path] } }), 'deleteResp');
  await settle();
}

/** What a controller was told, in short. */
export function told(controller: TestController): string[] {
  return controller.notifications.map(({ notify }) => inShort(notify));
}

function inShort({ subscriptionId, notification }: Notify): string {
  const about = (): string => {
    switch (notification.case) {
      case 'valueChange':
        return `${notification.value.paramPath}=${notification.value.paramValue}`;
      case 'objCreation':
        return `+${notification.value.objPath}`;
      case 'objDeletion':
        return `-${notification.value.objPath}`;
      case 'event':
        return `${notification.value.objPath}${notification.value.eventName}`;
      case 'operComplete':
        return `${notification.value.objPath}${notification.value.commandName}`;
      default:
        return notification.case ?? 'nothing';
    }
  };
  return `${subscriptionId}: ${about()}`;
}
