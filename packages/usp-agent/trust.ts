import type { SchemaNode } from './schema.ts';

/** One Permission of a Role (TR-181 Device.LocalAgent.ControllerTrust.Role.{i}.Permission.{i}.). */
export interface PermissionEntry {
  /** Paths of the supported data model, with or without "{i}": an object's path stands for all that is in it and below. */
  readonly targets: readonly string[];
  /** Of two permissions of a role for the same element, the one with the larger order counts. Default: the later one. */
  readonly order?: number;
  /** Each "rwxn", with "-" for what is not permitted: read, write, execute, notify. Default "----". */
  readonly param?: string;
  readonly obj?: string;
  readonly instantiatedObj?: string;
  readonly commandEvent?: string;
}

/** What controllers of that role may do. */
export interface RoleEntry {
  readonly name: string;
  readonly permissions: readonly PermissionEntry[];
}

/** Everything: the role of every controller where local policy has no roles. */
export const fullAccess: RoleEntry = {
  name: 'Full Access',
  permissions: [{ targets: ['Device.'], param: 'rw-n', obj: 'rw-n', instantiatedObj: 'rw-n', commandEvent: 'r-xn' }],
};

/** What an element is judged as, in the names of TR-181. */
export type ElementKind = 'param' | 'obj' | 'instantiatedObj' | 'commandEvent';

/** A right: read, write, execute, notify. */
export type Right = 'r' | 'w' | 'x' | 'n';

/** What one controller may do: the union of its roles. */
export class Rights {
  readonly #roles: readonly RoleEntry[];
  /** The four letters by kind and element: no message makes more of them than the supported data model has. */
  readonly #known = new Map<string, string>();

  constructor(roles: readonly RoleEntry[]) {
    this.#roles = roles;
  }

  /** Whether rows or a single object may be read as objects, made (`w` of a table), or told of. */
  object(node: SchemaNode, right: Right): boolean {
    return this.#has('obj', node.path, right);
  }

  /** Whether the rows of a table may be listed, deleted, or told of when they go. */
  instances(node: SchemaNode, right: Right): boolean {
    return this.#has('instantiatedObj', node.path, right);
  }

  /** Whether a parameter of an object may be read, written, or told of; `name` may lead into single objects below. */
  parameter(node: SchemaNode, name: string, right: Right): boolean {
    return this.#has('param', `${node.path}${name}`, right);
  }

  /** Whether a command may be run, or its end or an event be told of. */
  member(node: SchemaNode, name: string, right: Right): boolean {
    return this.#has('commandEvent', `${node.path}${name}`, right);
  }

  #has(kind: ElementKind, path: string, right: Right): boolean {
    const key = `${kind} ${path}`;
    let letters = this.#known.get(key);
    if (letters === undefined) {
      letters = this.#roles.map((role) => lettersOf(role, kind, withoutInstances(path))).join('');
      this.#known.set(key, letters);
    }
    return letters.includes(right);
  }
}

function lettersOf({ permissions }: RoleEntry, kind: ElementKind, path: string): string {
  let found: { readonly order: number; readonly letters: string } | undefined;
  for (const [index, permission] of permissions.entries()) {
    const order = permission.order ?? index + 1;
    if ((found && order < found.order) || !permission.targets.some((target) => covers(withoutInstances(target), path)))
      continue;
    found = { order, letters: permission[kind] ?? '----' };
  }
  return found?.letters ?? '';
}

function covers(target: string, path: string): boolean {
  return target.endsWith('.') ? path.startsWith(target) : path === target;
}

/** A table and its rows are one place. */
function withoutInstances(path: string): string {
  return path.replaceAll('.{i}.', '.');
}
