import type { GatewayView, SessionView, statusView } from '@sluice/api';
import type { z } from 'zod';

/** Columns of text, each as wide as its widest cell; `head` names them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] ?? '').length)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** "2026-01-31 10:00:00.123 UTC" */
export function instant(at: number): string {
  return `${new Date(at).toISOString().replace('T', ' ').replace('Z', '')} UTC`;
}

/** Where the audit log has come to, as `sluice audit verify --expect` takes it, and what is wrong with it. */
export function auditText({ seq, hash, lost, failing }: NonNullable<z.infer<typeof statusView>['audit']>): string {
  const trouble = [
    ...(failing === undefined ? [] : [`NOT WRITTEN: ${failing}`]),
    ...(lost === 0 ? [] : [`${lost} lines could not be kept`]),
  ];
  return `audit     ${[`${seq}:${hash}`, ...trouble].join('; ')}`;
}

const ways = {
  ways: 'the best of the registered ways that answered',
  address: 'its own address',
  'calls-in': 'where it calls in from',
  agent: 'its certificate, seen at home',
  appliance: 'what the appliance saw',
  person: 'the word of a person',
} as const;

/** How a registration came to be: "told", or what showed it to whom, and when. */
export function knownBy(evidence: GatewayView['evidence']): string {
  if (!evidence) return 'told';
  const tried = evidence.tried?.map(({ gatewayId, outcome }) => `${gatewayId} ${outcome}`);
  const how = tried ? `${ways[evidence.by]}: ${tried.join(', ')}` : ways[evidence.by];
  return `${how} (${evidence.applianceId}, ${instant(evidence.at)})`;
}

/** "203.0.113.10:7000", "[2001:db8::1]:7000", or the address alone. */
export function ends(endpoint: { address: string; port?: number | undefined }): string {
  const { address, port } = endpoint;
  if (port === undefined) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** A session's story for a person: what it is, which paths it opened at which hop, what happened when, and why. */
export function explain(session: SessionView): string {
  const { refusal, closeReason, timeline } = session;
  const why = refusal
    ? `refused: ${refusal.code}${refusal.subject === undefined ? '' : ` (${refusal.subject})`}: ${refusal.message}`
    : closeReason === undefined
      ? `its lease ends ${instant(session.until)}, its time ${instant(session.endsAt)}`
      : `closed: ${closeReason}`;
  const [first] = timeline;
  const steps = timeline.map(({ at, step, detail }) => [
    instant(at),
    `+${at - (first?.at ?? at)} ms`,
    step,
    detail ?? '',
  ]);
  return [
    `session ${session.sessionId} is ${session.state}; ${why}`,
    `${session.applianceId} asked for ${session.contentId} at ${session.portalId} (request ${session.requestId})`,
    '',
    ...hopLines(session),
    ...heldLines(session),
    '',
    table(['when', 'after', 'step', 'reason'], steps),
  ].join('\n');
}

/** What each gateway on the way holds. */
function hopLines({ gatewayId, hops = [{ gatewayId }], openings, peer }: SessionView): string[] {
  return hops.flatMap((each, index) => {
    const rows = openings
      .filter(({ hop = 0 }) => hop === index)
      .map(({ streamId, streamType, remote, global, local, packets, bytes }) => [
        streamId,
        streamType,
        ends(remote),
        ends(global),
        ends(local),
        packets === undefined ? '' : `${packets} packets, ${bytes ?? 0} bytes`,
      ]);
    const whose = each.side === 'peer' && peer ? ` (of ${peer.applianceId})` : '';
    if (rows.length === 0) return [`hop ${each.gatewayId}${whose}: no opening`];
    return [
      `hop ${each.gatewayId}${whose}:`,
      table(['stream', 'type', 'from', 'to the gateway at', 'to the device at', 'passed'], rows),
    ];
  });
}

/** What the gateway does not keep, and what packets showed; nothing where every promise holds. */
function heldLines({ held, heldNotes = [], probes }: SessionView): string[] {
  const broken = Object.entries(held ?? {}).flatMap(([name, holds]) => (holds ? [] : [name]));
  const seen = probes && [
    `server ${probes.fromServer}`,
    `another port of it ${probes.fromOtherPort}`,
    `elsewhere ${probes.fromElsewhere}`,
  ];
  return [
    ...(broken.length === 0 ? [] : ['', `not held: ${broken.join(', ')}`]),
    ...heldNotes.map((note) => `  ${note}`),
    ...(seen ? [`probes, from the ${seen.join(', from ')}`] : []),
  ];
}
