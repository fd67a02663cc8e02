import type { ProbeResults } from '@sluice/api';
import {
  type Endpoint,
  type GrantedOpening,
  type IpAddress,
  type ProbeFindings,
  plainTransportOf,
} from '@sluice/model';

/** One opening, and what is known of the packets that were sent at it. */
export interface TriedOpening {
  readonly opening: Pick<GrantedOpening, 'remote' | 'streamType'>;
  /** What the media server says; undefined where it could not be asked. */
  readonly server: ProbeResults['streams'][number] | undefined;
  /** What came of a packet from here, and the address it left from. */
  readonly stray: { readonly outcome: 'sent' | 'connected' | 'silent' | 'failed'; readonly from?: IpAddress };
  /** Where the device heard probes from; undefined where it did not say. */
  readonly heard: readonly Endpoint[] | undefined;
}

type Finding = ProbeFindings['fromServer'];

/** What a session's probes showed, over all of its openings. A packet that came in by one of them came in. */
export function findingsOf(tried: readonly TriedOpening[]): ProbeFindings {
  return {
    fromServer: all(tried.map(fromServer)),
    fromOtherPort: any(tried.map(fromOtherPort)),
    fromElsewhere: any(tried.map(fromElsewhere)),
  };
}

function fromServer({ opening, server, heard }: TriedOpening): Finding {
  const { remote } = opening;
  if (isTcp(opening)) return ofConnection(server?.fromStream);
  if (heard?.some(({ address, port }) => address === remote.address && port === remote.port)) return 'seen';
  return heard && server?.fromStream === 'sent' ? 'not-seen' : 'not-tried';
}

function fromOtherPort({ opening, server, heard }: TriedOpening): Finding {
  const { remote } = opening;
  if (isTcp(opening)) return ofConnection(server?.fromOtherPort);
  if (heard?.some(({ address, port }) => address === remote.address && port !== remote.port)) return 'seen';
  return heard && server?.fromOtherPort === 'sent' ? 'not-seen' : 'not-tried';
}

function fromElsewhere({ opening, stray, heard }: TriedOpening): Finding {
  const { remote } = opening;
  // Where the media server runs on this machine, what leaves here is not from elsewhere.
  const elsewhere = stray.from !== undefined && stray.from !== remote.address;
  if (isTcp(opening)) return elsewhere ? ofConnection(stray.outcome) : 'not-tried';
  if (heard?.some(({ address }) => address !== remote.address)) return 'seen';
  return heard && elsewhere && stray.outcome === 'sent' ? 'not-seen' : 'not-tried';
}

function ofConnection(outcome: TriedOpening['stray']['outcome'] | undefined): Finding {
  if (outcome === 'connected') return 'seen';
  return outcome === 'silent' ? 'not-seen' : 'not-tried';
}

function isTcp({ streamType }: TriedOpening['opening']): boolean {
  return plainTransportOf(streamType) === 'tcp';
}

/** Every one has to be seen. */
function all(findings: readonly Finding[]): Finding {
  if (findings.includes('not-seen')) return 'not-seen';
  return findings.includes('not-tried') ? 'not-tried' : 'seen';
}

/** One that is seen is enough. */
function any(findings: readonly Finding[]): Finding {
  if (findings.includes('seen')) return 'seen';
  return findings.includes('not-seen') ? 'not-seen' : 'not-tried';
}
