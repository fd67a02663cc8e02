import { type Role, roles } from '@sluice/identity';

/** Who may call a route. Every route says so. */
export interface Access {
  readonly roles: readonly Role[];
  /** Only who has shown a certificate: what a part does for itself, a person who signed in does not do. */
  readonly certificate?: true;
  /** Also whoever is of no deployment: then nobody is the caller. */
  readonly open?: true;
}

/** Whoever comes, before it is known who. */
export const whoever: Access = { roles: [], open: true };

/** Whoever is of this deployment. */
export const everyone: Access = { roles };

/** Whoever is of this deployment and has a certificate. */
export const parts: Access = { roles, certificate: true };

/** Who may see everything, and change nothing, with who may change it. */
export const readers: Access = { roles: ['operator', 'auditor'] };

/** Who may do everything. */
export const operators: Access = { roles: ['operator'] };

/** Who opens and closes homes: portals their own sessions, operators all. */
export const askers: Access = { roles: ['portal', 'operator'] };

/** Who sees sessions: portals their own, operators and auditors all. */
export const watchers: Access = { roles: ['portal', 'operator', 'auditor'] };
