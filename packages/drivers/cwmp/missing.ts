import { type Refusal, refuse } from '@sluice/model';
import { neededNames } from './names.ts';
import { abilityRefusal } from './read-back.ts';
import type { Wanted } from './values.ts';
import type { Work } from './work.ts';

/**
 * Refuses where rows of this model lack a parameter that an opening needs. Known from any row that was read, else from
 * the new one, which then is as empty as it was added.
 */
export async function missingRefusal(work: Work, wanted: readonly Wanted[]): Promise<Refusal | undefined> {
  for (const { table, path, lease, rule } of wanted) {
    const known = work.known.model?.of(table);
    if (!known) continue;
    if (!known.parameters) await work.look([{ path, table }]);
    const { parameters } = known;
    // A device that shows no empty row is taken at the word of its other answers.
    if (!parameters) continue;
    const { names } = table;
    const needed = [...neededNames.map((name) => names[name]), names.globalPort].filter((name) => name !== undefined);
    const missing = needed.filter((name) => !parameters.has(name));
    const { id } = lease.opening;
    if (missing.length > 0)
      return refuse('trait-missing', `the gateway's port mappings have no ${missing.join(', ')}`, id);
    if (!parameters.has(names.source)) known.source = 'no';
    if (!parameters.has(names.lease)) known.lease = 'no';
    const unable = abilityRefusal(table, known, lease.opening, rule !== undefined);
    if (unable) return unable;
  }
  return undefined;
}
