import type { Refusal } from '@sluice/model';
import type { Phase } from './probes.ts';
import type { CallReport, OnceReport, Step } from './report.ts';

/** One step for a person. */
export function describeStep({ step, ms }: Step): string {
  return `${(ms / 1000).toFixed(3).padStart(9)} s  ${step}`;
}

/** A report for a person: streams, probes by what was wrong with them, verdict. */
export function describeReport(report: OnceReport): string {
  const outcome = [...report.reasons, `verdict: ${report.verdict}`];
  if (report.refusal) return [...refusalLines(report, report.refusal), ...outcome].join('\n');
  if (report.call) return [...callLines(report, report.call), ...outcome].join('\n');
  if (report.streams.length === 0) return outcome.join('\n');
  const rows = [
    ['stream', 'from', 'to', 'first speaker', 'protection', 'sent', 'received', 'lost', 'decoded'],
    ...report.streams.map((stream) => {
      const count = stream.kind === 'tcp' ? ['bytesSent', 'bytesReceived'] : ['packetsSent', 'packetsReceived'];
      const unit = stream.kind === 'tcp' ? ' bytes' : '';
      const [sent, received] = count.map((name) => `${stream[name as 'bytesSent']}${unit}`);
      const rtp = stream.kind === 'rtp' ? [`${stream.lost}`, `${stream.decoded} frames`] : ['', ''];
      const to = `${stream.globalPort} -> ${stream.localAddress}:${stream.localPort}`;
      return [stream.id, stream.remote, to, stream.firstSpeaker, stream.protection, sent ?? '', received ?? '', ...rtp];
    }),
  ];
  return [
    '',
    ...table(rows),
    '',
    ...probeLines(report, ['before', 'during', 'after']),
    ...heldLines(report),
    ...outcome,
  ].join('\n');
}

/** What the gateway does not hold, as the verdict said and as packets showed; nothing where every promise is held. */
function heldLines({ held = {}, heldNotes = [], checked, remarks = [] }: OnceReport): string[] {
  const broken = Object.entries(held).flatMap(([name, holds]) => (holds ? [] : [name]));
  if (broken.length + heldNotes.length === 0) return [];
  return [
    `not held by this gateway: ${broken.join(', ')}`,
    ...heldNotes.map((note) => `  the verdict: ${note}`),
    ...(checked
      ? [
          `  checked before it: ${Object.entries(checked)
            .map((entry) => entry.join(' '))
            .join(', ')}`,
        ]
      : []),
    ...remarks.map((remark) => `  ${remark}`),
  ];
}

function refusalLines(report: OnceReport, { code, message }: Refusal): string[] {
  return ['', `refused: ${message} (${code})`, '', ...probeLines(report, ['before', 'after'])];
}

function callLines(report: OnceReport, { parties, openingsMeanwhile, carriedByOthers }: CallReport): string[] {
  const rows = parties.map(({ host, way = '', speaksFrom, sent = 0, received = 0, lost = 0, firstMs }) => [
    ...[host, way, speaksFrom, `${sent}`, `${received}`, `${lost}`],
    firstMs === undefined ? '' : `${firstMs} ms`,
  ]);
  return [
    '',
    ...table([['party', 'way', 'speaks from', 'sent', 'received', 'lost', 'first packet after'], ...rows]),
    '',
    `openings while they spoke: ${openingsMeanwhile}; packets of the call that others carried: ${carriedByOthers}`,
    ...probeLines(report, ['before', 'during', 'after']),
  ];
}

function probeLines(report: OnceReport, phases: readonly Phase[]): string[] {
  return [
    ...table([['probe', ...phases], ...probeRows(report, phases)]),
    '',
    `openings left in the kernels of all gateways: ${report.openingsLeft}`,
  ];
}

function probeRows(report: OnceReport, phases: readonly Phase[]): string[][] {
  const names = new Set(report.probes.map(({ probe, sender }) => `${probe}, from the ${sender}`));
  return [...names].map((name) => [
    name,
    ...phases.map((phase) => {
      const of = report.probes.filter(
        (tried) => tried.phase === phase && `${tried.probe}, from the ${tried.sender}` === name,
      );
      const sum = (what: 'sent' | 'passed') => of.reduce((total, tried) => total + tried[what], 0);
      return `${sum('passed')} of ${sum('sent')} passed`;
    }),
  ]);
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
