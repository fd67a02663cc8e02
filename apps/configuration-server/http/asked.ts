import type { SessionRequest } from '@sluice/api';
import type { RequestedStream, RequestFlow } from '@sluice/model';

/** A flow without what was left out of it. */
export function flowOf({ sent, transport, ...seen }: SessionRequest['flow']): RequestFlow {
  return { ...seen, ...(transport && { transport }), ...(sent && { sent }) };
}

/** A stream without what was left out of it. */
export function streamOf<T extends object>({
  payloadType,
  pairedWith,
  ...stream
}: T & {
  readonly payloadType?: number | undefined;
  readonly pairedWith?: string | undefined;
}): Omit<T, 'payloadType' | 'pairedWith'> & Pick<RequestedStream, 'payloadType' | 'pairedWith'> {
  return {
    ...stream,
    ...(payloadType !== undefined && { payloadType }),
    ...(pairedWith !== undefined && { pairedWith }),
  };
}
