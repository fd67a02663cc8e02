import { type PromiseName, promiseNames } from '@sluice/model';
import { z } from 'zod';

const finding = z.enum(['seen', 'not-seen', 'not-tried']);
const names = promiseNames as readonly PromiseName[] as readonly [PromiseName, ...PromiseName[]];

/** The name of a promise that not every gateway keeps. */
export const promiseName = z.enum(names);

/** How tightly the gateway of a session holds it; absent before the verdict. */
export const holdingMembers = {
  /** Which promises hold, by name; a later version may know more of them. */
  held: z.record(z.string().max(64), z.boolean()).optional(),
  /** A sentence for each that does not, and for what else a person should know of how the session is held. */
  heldNotes: z.array(z.string()).optional(),
  /** Which packets arrived at the device before the verdict, where the gateway's word was checked by packets. */
  probes: z.object({ fromServer: finding, fromOtherPort: finding, fromElsewhere: finding }).optional(),
};
