import { Misuse } from '@sluice/driver';
import type { Control } from './control.ts';
import type { ControlPorts } from './ports.ts';
import { type ControlSettings, completeSettings } from './settings.ts';

/**
 * Takes up the sessions that the store remembers and begins. Disposing ends every wait and writes what is still to be
 * written; the store stays open, it is its opener's.
 */
export async function openControl(_ports: ControlPorts, given?: Partial<ControlSettings>): Promise<Control> {
  completeSettings(given);
  throw new Misuse('not yet');
}
