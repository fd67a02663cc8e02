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
  /** How many of them came in between two gateways in a row, past the outer one; left out where there is one, or none. */
  readonly between?: number;
}
