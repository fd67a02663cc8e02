import { type Opening, type StreamType, streamTypes } from '@sluice/model';

const marker = 'Sluice';

/** What a foreign model has no parameter for, in the one that is free text: id, stream type, payload type, remote port. */
export function descriptionOf({ id, streamType, payloadType, remote }: Opening): string {
  return [marker, id, streamType, payloadType ?? '-', remote.port ?? '-'].join(' ');
}

/** What {@link descriptionOf} says; undefined where somebody else wrote it. */
export interface Described {
  readonly id: string;
  readonly streamType: StreamType;
  readonly payloadType?: number;
  readonly remotePort?: number;
}

/** Reads {@link descriptionOf}. */
export function readDescription(text: string): Described | undefined {
  const [first, id = '', type, payload = '', port = '', ...more] = text.split(' ');
  const streamType = streamTypes.find((known) => known === type);
  if (first !== marker || !streamType || more.length > 0 || !/^[A-Za-z][A-Za-z0-9-]{0,62}$/.test(id)) return undefined;
  const number = (digits: string, most: number) =>
    /^\d{1,5}$/.test(digits) && Number(digits) <= most ? Number(digits) : undefined;
  const [payloadType, remotePort] = [number(payload, 127), number(port, 65_535)];
  return {
    id,
    streamType,
    ...(payloadType !== undefined && { payloadType }),
    ...(remotePort !== undefined && { remotePort }),
  };
}
