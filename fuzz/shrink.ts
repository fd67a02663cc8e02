/**
 * A shorter input that still shows the fault: ever smaller stretches are left out, as long as tries last. `shows` says
 * whether an input does.
 */
export async function shrink(
  input: Uint8Array,
  shows: (candidate: Uint8Array) => Promise<boolean>,
  mostTries: number,
): Promise<Uint8Array> {
  let best = input;
  let tries = 0;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length; ) {
      if (tries++ >= mostTries) return best;
      const candidate = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      if (await shows(candidate)) best = candidate;
      else at += size;
    }
  }
  return best;
}
