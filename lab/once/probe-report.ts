import type { Phase, Sender, Target } from './probes.ts';

/** One kind of packet tried in one phase, and how many of them reached the home. */
export interface ProbeReport {
  readonly probe: string;
  readonly sender: Sender;
  readonly stream: string;
  readonly phase: Phase;
  readonly firstSpeaker: Target['firstSpeaker'];
  readonly right: boolean;
  readonly sent: number;
  readonly passed: number;
}
