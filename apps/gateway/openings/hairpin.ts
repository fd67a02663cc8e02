import type { KernelOpening } from '@sluice/kernel';
import type { Edit } from './edit.ts';
import { portKey, type Row } from './row.ts';
import type { Rows } from './rows.ts';
import { transportWanted } from './wanted.ts';

/**
 * Two openings of one controller whose remote end is each the other's global endpoint here: two devices of this home that
 * reach each other by them (hairpin). Each is told which device it is then, those that are there already too. One alone
 * stays as it is: nobody sends from there.
 */
export function pairUp(edits: readonly Edit[], rows: Rows): readonly Edit[] {
  const paired = [...edits];
  for (let index = 0; index < paired.length; index++) {
    const edit = paired[index];
    const own = edit?.after?.opening;
    if (!edit?.after || !own || own.remote.address !== own.global.address || own.streamType === 'esp') continue;
    const at = paired.findIndex(({ after }) => after && isPartner(after, edit.after));
    const lasting = at < 0 ? partnerIn(rows, edit.after, paired) : undefined;
    const partner = at < 0 ? lasting : paired[at]?.after;
    if (!partner?.opening) continue;
    paired[index] = { ...edit, after: seeing(edit.after, own, partner.opening) };
    const seen = seeing(partner, partner.opening, own);
    const other = paired[at];
    if (other) paired[at] = { ...other, after: seen };
    else if (seen !== partner) paired.push({ index: edit.index, before: partner, after: seen });
  }
  return paired;
}

/** The row with that device behind its remote end; the same one where it had it already. */
function seeing(row: Row, opening: KernelOpening, { local: inside }: KernelOpening): Row {
  const known = opening.inside?.address === inside.address && opening.inside.port === inside.port;
  return known ? row : { ...row, opening: { ...opening, inside } };
}

function partnerIn(rows: Rows, row: Row, edits: readonly Edit[]): Row | undefined {
  const { remote, global } = row.opening ?? {};
  const found = rows.holding(portKey(transportWanted(row.wanted), remote?.port, global?.address));
  const stays = found && !edits.some(({ before }) => before === found);
  return stays && isPartner(found, row) ? found : undefined;
}

function isPartner(one: Row, other: Row | undefined): boolean {
  const [a, b] = [one.opening, other?.opening];
  if (!a || !b || one.owner !== other?.owner || transportWanted(one.wanted) !== transportWanted(other.wanted))
    return false;
  const meets = ({ remote }: KernelOpening, { global }: KernelOpening) =>
    remote.address === global.address && remote.port === global.port;
  return meets(a, b) && meets(b, a);
}
