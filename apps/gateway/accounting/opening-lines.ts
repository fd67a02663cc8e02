import type { Audit, Fields, Sparing } from '@sluice/audit';
import { formatEndpoint } from '@sluice/model';
import type { DataModel, ModelChange, ModelEvent } from '@sluice/usp-agent';
import { errorCode, openingParameter, refusalOfError } from '@sluice/wire/usp';
import { endedEvent } from '../openings/object-types.ts';
import type { Openings } from '../openings/openings.ts';
import { objectOf, type Row } from '../openings/row.ts';
import { streamTypeWanted } from '../openings/wanted.ts';

/**
 * The openings' part of the data model, accounted for: what each controller opened and was refused. What ends without
 * its doing, `endLines` hears of.
 */
export function accountedOpenings(model: DataModel, openings: Openings, audit: Audit, sparing: Sparing): DataModel {
  return {
    ...model,
    apply(changes, caller) {
      const before = new Map(rowsOf(changes, openings).map((row) => [objectOf(row), row]));
      const result = model.apply(changes, caller);
      if (!result.ok) {
        for (const { index, code, message } of result.failures.slice(0, 1)) {
          const kind = kindOfRefusal(code);
          const { isNoted, ...spared } = kind ? sparing.ask(caller.endpointId) : { isNoted: false };
          if (!kind || !isNoted) continue;
          const name = refusalOfError(code) ?? 'not-permitted';
          const what = { controller: caller.endpointId, code: name, reason: message, asked: changes.length };
          audit.note(kind, { ...what, ...wish(changes[index], openings), ...spared });
        }
        return result;
      }
      for (const object of new Set(result.objects)) {
        const [old, row] = [before.get(object), openings.rows.get(object)];
        if (row?.opening && !(old?.opening && pathOf(row) === pathOf(old))) audit.note('opening-opened', openedAs(row));
        else if (row && !row.opening && old?.opening)
          audit.note('opening-closed', { ...nameOf(row), why: 'disabled', ...row.carried });
      }
      return result;
    },
  };
}

/** Accounts for what ended: why, and how many packets had passed. To be told of every event. */
export function endLines(audit: Audit): (event: ModelEvent) => void {
  return (event) => {
    if (event.kind !== 'event' || event.name !== endedEvent.name) return;
    const { object, args, visibleTo } = event;
    const why = args.get('Reason') ?? '';
    audit.note(why === 'lease-ended' ? 'lease-ended' : 'opening-closed', {
      ...{ id: args.get('Alias') ?? '', path: object.slice(0, -1), controller: visibleTo ?? '', why },
      ...{ packets: Number(args.get('Packets')), bytes: Number(args.get('Bytes')) },
    });
  };
}

/** Undefined for what is no word of the policy: a value that cannot be, a port that is taken. */
function kindOfRefusal(code: number): 'consent-refused' | 'opening-refused' | undefined {
  const name = refusalOfError(code);
  if (code === errorCode.permissionDenied) return 'opening-refused';
  if (name === undefined || name === 'port-in-use') return undefined;
  const isConsent = name.startsWith('consent-') || name === 'device-not-found' || name === 'path-mismatch';
  return isConsent ? 'consent-refused' : 'opening-refused';
}

function rowsOf(changes: readonly ModelChange[], { rows }: Openings): Row[] {
  return changes.flatMap((change) => (change.kind === 'add' ? [] : (rows.get(change.object) ?? [])));
}

const pathOf = ({ opening, wanted }: Row) =>
  JSON.stringify([streamTypeWanted(wanted), opening?.remote, opening?.global, opening?.local]);

const nameOf = (row: Row) => ({ id: row.wanted.alias, path: objectOf(row).slice(0, -1), controller: row.owner });

function openedAs(row: Row): Fields {
  const { opening, wanted, consent, until } = row;
  const { address, port } = opening?.remote ?? {};
  return {
    ...nameOf(row),
    type: streamTypeWanted(wanted),
    remote: address === undefined ? 'any' : port === undefined ? address : formatEndpoint({ address, port }),
    ...(opening && { global: formatEndpoint(opening.global), local: formatEndpoint(opening.local) }),
    consent: consent.by,
    ...(consent.applianceId !== undefined && { appliance: consent.applianceId }),
    until: until === Number.POSITIVE_INFINITY ? null : new Date(until).toISOString(),
  };
}

/** What a change asks for that was refused, in the words of TR-181; the device's signature is left out. */
const told = [
  'Alias',
  'Protocol',
  'RemoteHost',
  'SourcePrefixes',
  openingParameter.remotePort,
  'SourcePort',
  'ExternalPort',
  'InternalClient',
  'DestIP',
  'InternalPort',
  'DestPort',
  'LeaseDuration',
  openingParameter.requestFlow,
];

function wish(change: ModelChange | undefined, openings: Openings): Fields {
  if (!change) return {};
  const row = change.kind === 'add' ? undefined : openings.rows.get(change.object);
  const parameters = change.kind === 'delete' ? new Map<string, string>() : change.parameters;
  const wanted = told.flatMap((name) => {
    const value = parameters.get(name);
    return value === undefined || value === '' ? [] : [[name, value.slice(0, 200)] as const];
  });
  return {
    to: change.kind,
    path: change.kind === 'add' ? change.table : change.object,
    signed: (parameters.get(openingParameter.consent) ?? '') !== '',
    ...(row && { id: row.wanted.alias }),
    wanted: Object.fromEntries(wanted),
  };
}
