/** What a certificate's holder is; carried in the subject's OU. */
export type Role =
  | 'appliance'
  | 'gateway'
  | 'portal'
  | 'configuration-server'
  | 'media-server'
  | 'operator'
  | 'auditor';

/** Every role. */
export const roles: readonly Role[] = [
  'appliance',
  'gateway',
  'portal',
  'configuration-server',
  'media-server',
  'operator',
  'auditor',
];

/** Whether `text` is a role's name. */
export function isRole(text: string): text is Role {
  return (roles as readonly string[]).includes(text);
}
