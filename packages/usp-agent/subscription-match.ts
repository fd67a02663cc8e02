import type { Comparison, Path } from '@sluice/wire/usp';

/** What happened, as subscriptions see it. `member`: parameter, event or command, where it is about one. */
export interface Happening {
  readonly type: 'ValueChange' | 'ObjectCreation' | 'ObjectDeletion' | 'OperationComplete' | 'Event';
  readonly object: string;
  readonly member?: string;
}

/** Whether a row fulfils an expression; the row of a deletion is known by its keys alone. */
export type RowTest = (terms: readonly Comparison[], row: string) => boolean;

const memberKind = { ValueChange: 'parameter', OperationComplete: 'command', Event: 'event' } as const;

/**
 * Whether an entry of a ReferenceList is about what happened. A member's own path names it; an object's path names all
 * members of it and of what is below. A table's path names its rows, for creation and deletion.
 */
export function matches(reference: Path, { type, object, member }: Happening, test: RowTest): boolean {
  const names = object.split('.').slice(0, -1);
  if (type === 'ObjectCreation' || type === 'ObjectDeletion') {
    if (reference.kind !== 'object') return false;
    const distance = names.length - reference.steps.length;
    return (distance === 0 || distance === 1) && leads(reference, names, test);
  }
  if (reference.kind === 'object') return leads(reference, names, test);
  return (
    reference.kind === memberKind[type] &&
    reference.name === member &&
    reference.steps.length === names.length &&
    leads(reference, names, test)
  );
}

/** Whether the path names an object or something above it. */
function leads(reference: Path, names: readonly string[], test: RowTest): boolean {
  if (reference.steps.length > names.length) return false;
  return reference.steps.every((step, i) => {
    const name = names[i] ?? '';
    switch (step.kind) {
      case 'name':
        return step.name === name;
      case 'instance':
        return String(step.number) === name;
      case 'all':
        return isNumber(name);
      case 'search':
        return isNumber(name) && test(step.terms, `${names.slice(0, i + 1).join('.')}.`);
      default:
        return false;
    }
  });
}

function isNumber(name: string): boolean {
  return /^\d+$/.test(name);
}
