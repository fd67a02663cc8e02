import type { Content } from '@sluice/api';
import type { Port } from '@sluice/model';

/** The ports that devices receive each kind of content on, by stream id. */
export type FixedPorts = { readonly [Kind in Content['kind']]?: Readonly<Record<string, Port>> };

/** The content with the port of each stream whose kind has a fixed one: a request need not name it. */
export function withFixedPorts(content: Content, fixed: FixedPorts): Content {
  const ports = fixed[content.kind];
  if (!ports) return content;
  const streams = content.streams.map((stream) => {
    const localPort = ports[stream.id];
    return localPort === undefined ? stream : { ...stream, localPort };
  });
  return { ...content, streams };
}
