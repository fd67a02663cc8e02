import type { Sound } from './wav.ts';

/** How long a piece is that is judged at once, seconds. */
const pieceSeconds = 0.04;
/** Of what is heard in a piece, what must be the tone; and what is silence, of full scale. */
const leastShare = 0.7;
const silence = 0.01;

/** A tone of one frequency. */
export function toneOf(hz: number, seconds: number, rate = 8_000): Sound {
  const samples = Int16Array.from({ length: Math.round(seconds * rate) }, (_, index) =>
    Math.round(Math.sin((2 * Math.PI * hz * index) / rate) * 8_000),
  );
  return { rate, samples };
}

/** Seconds of a sound in which a tone is heard, and next to nothing else. */
export function secondsOfTone({ rate, samples }: Sound, hz: number): number {
  const length = Math.round(pieceSeconds * rate);
  let pieces = 0;
  for (let from = 0; from + length <= samples.length; from += length)
    if (isTone(samples.subarray(from, from + length), hz / rate)) pieces++;
  return pieces * pieceSeconds;
}

/** Goertzel's filter at one frequency, beside the whole power of the piece. `turns`: of the tone for each sample. */
function isTone(piece: Int16Array, turns: number): boolean {
  const factor = 2 * Math.cos(2 * Math.PI * turns);
  let [before, last, power] = [0, 0, 0];
  for (const sample of piece) {
    const value = sample / 32_768;
    [before, last] = [last, value + factor * last - before];
    power += value * value;
  }
  if (power / piece.length < silence * silence) return false;
  const atTone = before * before + last * last - factor * before * last;
  // A pure tone has half of the piece's length times its whole power.
  return atTone / ((piece.length / 2) * power) >= leastShare;
}
