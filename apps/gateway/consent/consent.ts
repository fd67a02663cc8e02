import type { Instant } from '@sluice/model';

/**
 * Why a row may be open: the device `signed` for it; the `flow` of a request shows the device, and nothing more; the
 * controller has the right to open without request (`operator`); or the policy does not ask (`unchecked`).
 */
export interface Consent {
  readonly by: 'signed' | 'flow' | 'operator' | 'unchecked';
  /** No renewal goes beyond it. */
  readonly end: Instant;
  /** Who signed; not known any more after a restart of the agent. */
  readonly applianceId?: string;
}

/** Of a row for which nothing was asked. */
export const unchecked: Consent = { by: 'unchecked', end: Number.POSITIVE_INFINITY };

const letters = { signed: 's', flow: 'f', operator: 'o' } as const;

/** As the kernel's tag keeps it: a letter, and the end in seconds in base 36; "" for {@link unchecked}. */
export function writeMark({ by, end }: Consent): string {
  if (by === 'unchecked') return '';
  return `${letters[by]}${end === Number.POSITIVE_INFINITY ? '' : Math.floor(end / 1_000).toString(36)}`;
}

/** Reads what {@link writeMark} wrote; undefined for other texts. */
export function readMark(text: string): Consent | undefined {
  if (text === '') return unchecked;
  const found = /^([sfo])([0-9a-z]{0,8})$/.exec(text);
  const by = (['signed', 'flow', 'operator'] as const).find((kind) => letters[kind] === found?.[1]);
  if (!by) return undefined;
  const seconds = found?.[2] ?? '';
  return { by, end: seconds === '' ? Number.POSITIVE_INFINITY : Number.parseInt(seconds, 36) * 1_000 };
}
