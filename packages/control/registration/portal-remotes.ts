import { type ContentRequest, type PortalRegistration, prefixContains, type Refusal, refuse } from '@sluice/model';

/**
 * Whether a portal may ask for the streams of a request: it is registered, and they come from its own media servers. A
 * portal that was taken over can so have no home opened to anybody else.
 */
export function checkRemotes(
  { portalId, streams }: Pick<ContentRequest, 'portalId' | 'streams'>,
  portal: PortalRegistration | undefined,
): Refusal | undefined {
  if (!portal) {
    const what = `the portal ${portalId} is not registered; register it with the addresses of its media servers`;
    return refuse('portal-unknown', what);
  }
  const foreign = streams.find(({ remote }) => !portal.remotes.some((own) => prefixContains(own, remote.address)));
  if (!foreign) return undefined;
  const what = `${foreign.remote.address} is no media server that the portal ${portalId} is registered with`;
  return refuse('not-permitted', what, foreign.id);
}
