/** Ends at the first SIGTERM or SIGINT; a second one ends the process as usual. */
export function untilSignalled(): AbortSignal {
  const ending = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => ending.abort(new Error(name)));
  return ending.signal;
}
