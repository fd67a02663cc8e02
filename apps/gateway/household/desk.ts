import { type Problem, statusOf } from '@sluice/api';
import type { AuditState } from '@sluice/audit';
import { type Refusal, refuse } from '@sluice/model';
import type { LearnedKeys } from '../consent/learned-keys.ts';
import type { FirewallState } from '../firewall/keep-rules.ts';
import type { Openings } from '../openings/openings.ts';
import { objectOf, type Row } from '../openings/row.ts';
import { applianceStatuses, type HouseholdAppliances, type HouseholdStatus, openingStatuses } from './status.ts';

/** What the household's desk stands on. */
export interface DeskGround {
  readonly endpointId: string;
  readonly openings: Openings;
  readonly appliances: Pick<LearnedKeys, 'all' | 'forget'>;
  /** Every controller of the configuration, and whether it is connected. */
  controllers(): HouseholdStatus['controllers'];
  /** How the rules stand, where somebody looks. */
  firewall?(): FirewallState | undefined;
  /** Where the audit has come to, where there is one. */
  audit?(): AuditState | undefined;
  /** Keeps the household's word over a restart. */
  rememberPause(paused: boolean): void;
}

/** An HTTP answer with a JSON body. */
export interface DeskAnswer {
  readonly status: number;
  readonly body:
    | HouseholdStatus
    | HouseholdAppliances
    | Problem
    | { readonly closed: number }
    | { readonly status: 'ok' };
}

/** Answers the household: what is open, close this, close everything, let nothing open for now. */
export function answerHousehold(method: string, path: string, ground: DeskGround): DeskAnswer {
  const { openings } = ground;
  const audit = ground.audit?.();
  const firewall = ground.firewall?.();
  const id = /^\/v1\/openings\/([^/]+)$/.exec(path)?.[1];
  if (method === 'DELETE' && id !== undefined) return closeOne(decode(id), openings);
  const applianceId = /^\/v1\/appliances\/([^/]+)$/.exec(path)?.[1];
  if (method === 'DELETE' && applianceId !== undefined) return forget(decode(applianceId), ground);
  switch (`${method} ${path}`) {
    case 'GET /healthz':
      return { status: 200, body: { status: 'ok' } };
    case 'GET /v1/status':
      return {
        status: 200,
        body: {
          endpointId: ground.endpointId,
          paused: openings.paused,
          controllers: ground.controllers(),
          openings: openingStatuses(openings),
          ...(firewall && { firewall: { ...firewall, beside: [...firewall.beside] } }),
          ...(audit && { audit }),
        },
      };
    case 'GET /v1/appliances':
      return { status: 200, body: { appliances: applianceStatuses(ground.appliances.all()) } };
    case 'DELETE /v1/openings':
      return close([...openings.rows.all()], openings);
    case 'POST /v1/pause': {
      const rows = [...openings.rows.all()];
      ground.rememberPause(true);
      const fault = openings.pause();
      return fault ? problem(refuse('gateway-refused', fault.message)) : { status: 200, body: { closed: rows.length } };
    }
    case 'POST /v1/resume':
      ground.rememberPause(false);
      openings.resume();
      return { status: 200, body: { status: 'ok' } };
    default:
      return { status: 404, body: refuse('malformed', `there is no ${method} ${path}`) };
  }
}

/** What is open stays open until its lease ends; nothing more opens with that key. */
function forget(applianceId: string, { appliances }: DeskGround): DeskAnswer {
  if (appliances.forget(applianceId)) return { status: 200, body: { status: 'ok' } };
  return problem(refuse('appliance-unknown', `no appliance ${applianceId} has introduced itself`));
}

/** Several controllers may have given the same id; the household closes them all. */
function closeOne(id: string, openings: Openings): DeskAnswer {
  const rows = [...openings.rows.all()].filter((row) => row.wanted.alias === id || objectOf(row) === `${id}.`);
  if (rows.length === 0) return problem(refuse('opening-unknown', `nothing is open under ${id}`));
  return close(rows, openings);
}

function close(rows: readonly Row[], openings: Openings): DeskAnswer {
  const fault = openings.end(rows, 'household');
  return fault ? problem(refuse('gateway-refused', fault.message)) : { status: 200, body: { closed: rows.length } };
}

function problem(refusal: Refusal): DeskAnswer {
  return { status: statusOf(refusal.code), body: refusal };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
