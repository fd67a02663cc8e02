import type { PlayOnlooker } from './onlookers.ts';
import type { PlayResult } from './play.ts';

type Narration = Pick<PlayOnlooker, 'step' | 'first' | 'open' | 'left'>;

/** A play's moments as JSON lines: `step`, `first-packet`, `open` with the portal's answer, `left`. */
export function eventLines(print: (line: string) => void): Narration {
  const tell = (event: string, more: object = {}) => print(JSON.stringify({ event, ...more }));
  return {
    step: (step) => tell('step', step),
    first: (stream) => tell('first-packet', { stream }),
    open: ({ answer }) => tell('open', answer),
    left: () => tell('left'),
  };
}

/** A play's moments for a person. */
export function stepLines(print: (line: string) => void): Narration {
  return {
    step: ({ step, ms }) => print(`${ms.toFixed(1).padStart(10)} ms  ${step}`),
    open({ content, answer }) {
      print(`${content.title}: ${answer.streams.length} openings hold; Ctrl-C leaves`);
      for (const note of answer.heldNotes ?? []) print(`  this gateway: ${note}`);
    },
  };
}

/** What became of a play, for a person. */
export function resultText(result: PlayResult): string {
  const rows = result.streams.map((stream) => {
    const { id, remote, globalAddress, globalPort, localAddress, localPort, packetsReceived, bytesReceived } = stream;
    const path = `${remote} -> ${globalAddress}:${globalPort} -> ${localAddress}:${localPort}`;
    const more = [
      `${packetsReceived} packets`,
      `${bytesReceived} bytes`,
      ...(stream.lost === undefined ? [] : [`${stream.lost} lost`]),
      ...(stream.decoded === undefined ? [] : [`${stream.decoded} frames decoded`]),
      stream.protection === 'srtp' ? 'SRTP' : `in the clear (${stream.clearBecause ?? 'the portal does not say why'})`,
      ...(stream.unauthentic ? [`${stream.unauthentic} not made with its key`] : []),
      ...(stream.sha256 === undefined ? [] : [`SHA-256 ${stream.sha256}`]),
    ];
    return `  ${id.padEnd(12)} ${path}: ${more.join(', ')}`;
  });
  const code = result.refusal ? ` (${result.refusal.code})` : '';
  const verdict = result.verdict === 'pass' ? 'pass' : `fail: ${result.reasons.join('; ')}${code}`;
  return [...rows, verdict].join('\n');
}
