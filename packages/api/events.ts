/** What is no stream of events as this API has them. */
export class NoEvents extends Error {
  override readonly name = 'NoEvents';
}

/**
 * The JSON values of server-sent events (`data:` lines, one an event). Ends when the bytes do; throws {@link NoEvents}
 * on a line longer than `longest` octets or one that is no JSON.
 */
export async function* readEvents(bytes: AsyncIterable<Uint8Array>, longest: number): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of bytes) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > longest) throw new NoEvents('an event is too long');
    for (const line of lines) {
      if (line.length > longest) throw new NoEvents('an event is too long');
      if (line.startsWith('data: ')) yield parsed(line.slice('data: '.length));
    }
  }
}

/** One event as it is written to a stream. */
export function eventText(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

/** What is written where there is nothing to say, so that a stream is not taken for gone. */
export const heartbeat = ':\n\n';
/** How often, ms. Readers take a stream for gone that says nothing for a minute. */
export const heartbeatMs = 15_000;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new NoEvents('an event is no JSON');
  }
}
