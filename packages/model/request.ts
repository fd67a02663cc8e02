import type { Endpoint, IpAddress, Port } from './address.ts';
import type { RequestedStream } from './stream.ts';

/** The flow in which a request left the home, as its receiver saw it. The gateway finds the device from it (conntrack). */
export interface RequestFlow {
  /** What it ran over; left out, TCP. Phones register over UDP (RFC 3261 18.1). */
  readonly transport?: 'tcp' | 'udp';
  /** The portal's own address and port that the request reached. */
  readonly portal: Endpoint;
  /** The global address and port that the request came from. */
  readonly observed: Endpoint;
  /**
   * The device's own end of the connection, as it says: a second key to its gateway's translation table, where another
   * translation further out (a carrier's) hides the first.
   */
  readonly sent?: Endpoint;
}

/** Whom a gateway tells that it holds the openings of a request. */
export interface StartNotice {
  /** Where the media server takes it; its address is one that the streams come from. */
  readonly mediaServer: Endpoint;
  /** What the start is known by there; nobody can guess it. 16..64 of A-Z a-z 0-9 - _ */
  readonly startId: string;
}

/** What an appliance asked for. */
export interface ContentRequest {
  /** Made by the appliance; asking again with the same id changes nothing. 1..64 of A-Z a-z 0-9 - _ */
  readonly requestId: string;
  readonly applianceId: string;
  readonly contentId: string;
  /** The portal that took the request, its endpoint id. */
  readonly portalId: string;
  readonly flow: RequestFlow;
  /** What the appliance says of itself: none (the gateway finds it from the flow), one, or several. */
  readonly localAddresses: readonly IpAddress[];
  readonly streams: readonly RequestedStream[];
  /** The appliance's signature over this request (@sluice/consent), carried unchanged to the gateway. */
  readonly consent?: string;
  /** The gateway is to tell the media server, once it holds every opening: whom, and under which id. */
  readonly start?: StartNotice;
  /**
   * Another program of the device receives, at ports of its own: the appliance that asked, or asks for it, cannot tell
   * what comes in there. Left out, the appliance itself does.
   */
  readonly receiver?: 'program';
}

/** One party of a call: what a request says, but for what it is about and where its streams come from. */
export interface CallParty extends Pick<ContentRequest, 'applianceId' | 'flow' | 'localAddresses' | 'consent'> {
  readonly streams: readonly Omit<RequestedStream, 'remote'>[];
}

/** A call between two homes: each stream of one goes to the stream of the other that has the same id, both ways. */
export interface CallRequest extends Pick<ContentRequest, 'requestId' | 'contentId' | 'portalId'> {
  readonly caller: CallParty;
  readonly callee: CallParty;
  /** Global ports that were proposed for it and told to the parties already: by stream, of each. Left out, they are chosen. */
  readonly ports?: CallPorts;
}

/** How a call will go. `direct`: both parties are in one home, and need no gateway. `gateways`: where each will be reached. */
export type CallProposal =
  | { readonly way: 'direct' }
  | {
      readonly way: 'gateways';
      readonly addresses: { readonly caller: IpAddress; readonly callee: IpAddress };
      /** By stream; a stream that is not named is reached at its device's own port (IPv6). */
      readonly ports: CallPorts;
    };

/** The global ports of a call's streams, by stream id. */
export interface CallPorts {
  readonly caller: Readonly<Record<string, Port>>;
  readonly callee: Readonly<Record<string, Port>>;
}
