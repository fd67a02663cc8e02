import type { PermissionEntry, RoleEntry } from '@sluice/usp-agent';
import { freePortsCommand, pinholeTable, portMappingTable } from '@sluice/wire/usp';
import { z } from 'zod';

const letters = z
  .string()
  .regex(/^[r-][w-][x-][n-]$/, 'four letters, "rwxn", with "-" for what is not permitted')
  .default('----');
const target = z
  .string()
  .max(256)
  .regex(
    /^Device\.(?:[A-Za-z_][\w-]*\.(?:\{i\}\.)?)*(?:[A-Za-z_][\w-]*(?:\(\)|!)?)?$/,
    'a path of the data model, such as Device.NAT. or Device.IP.Interface.{i}.Status',
  );

/** A role beside those that are built in (TR-181 Device.LocalAgent.ControllerTrust.Role.{i}.). */
export const roleSchema = z.strictObject({
  name: z.string().min(1).max(64),
  permissions: z
    .array(
      z.strictObject({
        /** An object's path stands for all that is in it and below. */
        targets: z.array(target).min(1).max(64),
        /** Of two permissions for the same element the one with the larger order counts; left out, the later one. */
        order: z.number().int().min(1).max(65_535).optional(),
        param: letters,
        obj: letters,
        instantiatedObj: letters,
        commandEvent: letters,
      }),
    )
    .max(64),
});

/** What is to be known of a gateway to open it: the machine, its addresses, what it holds. Not the devices of the home. */
const look: PermissionEntry = {
  targets: ['Device.DeviceInfo.', 'Device.IP.', 'Device.NAT.', 'Device.Firewall.', 'Device.LocalAgent.'],
  param: 'r--n',
  obj: 'r--n',
  instantiatedObj: 'r--n',
  commandEvent: 'r--n',
};
/** A controller's own row, and what it subscribes to. */
const follow: readonly PermissionEntry[] = [
  {
    targets: ['Device.LocalAgent.Controller.', 'Device.LocalAgent.Subscription.'],
    param: 'rw-n',
    obj: 'rw-n',
    instantiatedObj: 'rw-n',
    commandEvent: 'r-xn',
  },
  {
    targets: ['Device.LocalAgent.Request.'],
    param: 'r--n',
    obj: 'r--n',
    instantiatedObj: 'r--n',
    commandEvent: 'r-x-',
  },
  { targets: ['Device.RootDataModelVersion'], param: 'r---' },
  { targets: ['Device.Boot!'], commandEvent: 'r--n' },
];

/** Roles by the right of a controller that names none. */
export const builtInRoles: Readonly<Record<'open' | 'read', RoleEntry>> = {
  open: {
    name: 'open',
    permissions: [
      look,
      ...follow,
      {
        targets: [portMappingTable, pinholeTable],
        param: 'rw-n',
        obj: 'rw-n',
        instantiatedObj: 'rw-n',
        commandEvent: 'r-xn',
      },
      { targets: [freePortsCommand, 'Device.ScheduleTimer()'], commandEvent: 'r-xn' },
    ],
  },
  read: { name: 'read', permissions: [look, ...follow] },
};

/** Every role that a policy knows. */
export function rolesOf({ roles }: { readonly roles: readonly z.infer<typeof roleSchema>[] }): readonly RoleEntry[] {
  const own = roles.map(({ name, permissions }) => ({
    name,
    permissions: permissions.map(({ order, ...permission }) => ({
      ...permission,
      ...(order !== undefined && { order }),
    })),
  }));
  return [builtInRoles.open, builtInRoles.read, ...own];
}
