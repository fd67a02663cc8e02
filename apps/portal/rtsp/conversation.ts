import { randomBytes } from 'node:crypto';
import { type Family, familyOf, type Refusal } from '@sluice/model';
import {
  answerTo,
  buildTransport,
  parseTransport,
  type RtspRequest,
  type RtspResponse,
  type RtspTransport,
} from '@sluice/wire/rtsp';
import type { LiveSessions } from '../live-sessions.ts';
import type { Deciding } from '../verdict.ts';
import { descriptionFor, isOver, readUri, type Track, tracksOf } from './tracks.ts';
import { type Viewer, Viewing } from './viewing.ts';

const methods = 'OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER, SET_PARAMETER';
/** A player that says nothing for so long is gone (RFC 2326 12.37). */
export const sessionTimeoutSeconds = 60;
/** Most RTSP sessions of one connection. */
const mostViewings = 4;

/** One player's connection: requests in, responses out, in order. */
export class Conversation {
  readonly #parts: Deciding;
  readonly #live: LiveSessions;
  readonly #viewer: Viewer;
  readonly #family: Family;
  readonly #viewings = new Map<string, Viewing>();
  /** Called when the player is to be told that it is over: by the end of its connection, RTSP has nothing else. */
  readonly #hangUp: () => void;
  /** Called when a home was opened for this player. */
  readonly #opened: () => void;

  constructor(viewer: Viewer, parts: Deciding, live: LiveSessions, hangUp: () => void, opened: () => void) {
    this.#viewer = viewer;
    this.#parts = parts;
    this.#live = live;
    this.#hangUp = hangUp;
    this.#opened = opened;
    this.#family = familyOf(viewer.flow.observed.address);
  }

  /** The response to a request. Ends in bounded time; never rejects but by the portal's end. */
  async answer(request: RtspRequest): Promise<RtspResponse> {
    switch (request.method) {
      case 'OPTIONS':
        return answerTo(request, 200, 'OK', { public: methods });
      case 'DESCRIBE':
        return this.#describe(request);
      case 'SETUP':
        return this.#setUp(request);
      case 'PLAY':
        return this.#play(request);
      case 'TEARDOWN':
        return this.#tearDown(request);
      case 'GET_PARAMETER':
      case 'SET_PARAMETER':
        return request.headers.has('session') && !this.#viewingOf(request)
          ? answerTo(request, 454, 'Session Not Found')
          : answerTo(request, 200, 'OK');
      default:
        return answerTo(request, 501, 'Not Implemented', { public: methods });
    }
  }

  /** The connection ended, or was silent for too long. */
  async end(): Promise<void> {
    await Promise.all([...this.#viewings.values()].map((viewing) => viewing.end()));
  }

  async #describe(request: RtspRequest): Promise<RtspResponse> {
    const named = readUri(request.uri);
    const found = named && (await this.#parts.shelf.find(named.contentId, this.#family));
    if (!found) return answerTo(request, 404, 'Not Found');
    if (found.kind === 'refused') return refusing(request, found.refusal);
    const sdp = descriptionFor(found.value.content, this.#family);
    if (sdp === undefined) return answerTo(request, 415, 'Unsupported Media Type');
    const base = request.uri.replace(/\/+$/, '');
    const headers = { 'content-base': `${base}/`, 'content-type': 'application/sdp' };
    return answerTo(request, 200, 'OK', headers, new TextEncoder().encode(sdp));
  }

  async #setUp(request: RtspRequest): Promise<RtspResponse> {
    const named = readUri(request.uri);
    const found = named && (await this.#parts.shelf.find(named.contentId, this.#family));
    if (!found) return answerTo(request, 404, 'Not Found');
    if (found.kind === 'refused') return refusing(request, found.refusal);
    const { content } = found.value;
    const tracks = tracksOf(content);
    const track =
      named.track === undefined && tracks.length === 1 ? tracks[0] : tracks.find(({ name }) => name === named.track);
    if (!track || !isOver(content, this.#family)) return answerTo(request, 404, 'Not Found');
    const transport = parseTransport(request.headers.get('transport') ?? '').find(isServed);
    if (!transport?.clientPort) return answerTo(request, 461, 'Unsupported Transport');
    const known = request.headers.has('session') ? this.#viewingOf(request) : this.#begin(found.value);
    if (known === 'too-many') return answerTo(request, 453, 'Not Enough Bandwidth');
    if (!known || known.content.content.contentId !== content.contentId)
      return answerTo(request, 454, 'Session Not Found');
    const answer = await known.setUp(track, transport.clientPort);
    if (answer.kind === 'refused') return refusing(request, answer.refusal);
    this.#opened();
    return answerTo(request, 200, 'OK', {
      transport: buildTransport(placed(transport, track)),
      session: `${known.id};timeout=${sessionTimeoutSeconds}`,
    });
  }

  async #play(request: RtspRequest): Promise<RtspResponse> {
    const viewing = this.#viewingOf(request);
    if (!viewing) return answerTo(request, 454, 'Session Not Found');
    const answer = await viewing.play();
    if (answer.kind === 'granted') return answerTo(request, 200, 'OK', { range: 'npt=0-' });
    this.#viewings.delete(viewing.id);
    return refusing(request, answer.refusal);
  }

  async #tearDown(request: RtspRequest): Promise<RtspResponse> {
    const viewing = this.#viewingOf(request);
    if (!viewing) return answerTo(request, 454, 'Session Not Found');
    this.#viewings.delete(viewing.id);
    await viewing.end();
    return answerTo(request, 200, 'OK');
  }

  #begin(content: Viewing['content']): Viewing | 'too-many' {
    if (this.#viewings.size >= mostViewings) return 'too-many';
    const id = randomBytes(12).toString('hex');
    const viewing = new Viewing(id, content, this.#viewer, this.#parts, this.#live, this.#hangUp);
    this.#viewings.set(id, viewing);
    return viewing;
  }

  #viewingOf({ headers }: RtspRequest): Viewing | undefined {
    return this.#viewings.get(headers.get('session')?.split(';')[0]?.trim() ?? '');
  }
}

/** RTP over UDP to ports of the player's. What else there is, the home is not opened for. */
function isServed({ protocol, delivery, mode, clientPort }: RtspTransport): boolean {
  return /^RTP\/AVP(?:\/UDP)?$/.test(protocol) && delivery === 'unicast' && mode === 'play' && clientPort !== undefined;
}

function placed({ protocol, clientPort }: RtspTransport, { rtp, rtcp }: Track): RtspTransport {
  return {
    protocol,
    delivery: 'unicast',
    source: rtp.remote.address,
    ...(clientPort && { clientPort }),
    serverPort: [rtp.remote.port, rtcp.remote.port],
    mode: 'play',
  };
}

/** A refusal in RTSP's words (RFC 2326 7.1.1); the code and the sentence go along for whoever looks. */
function refusing(request: RtspRequest, { code, message }: Refusal): RtspResponse {
  const [status, reason] = statusOf(code);
  const body = new TextEncoder().encode(`${code}: ${message}\n`);
  return answerTo(request, status, reason, { 'content-type': 'text/plain; charset=utf-8' }, body);
}

function statusOf(code: Refusal['code']): readonly [number, string] {
  switch (code) {
    case 'content-unknown':
      return [404, 'Not Found'];
    case 'quota-exceeded':
    case 'rate-limited':
    case 'ports-exhausted':
      return [453, 'Not Enough Bandwidth'];
    case 'request-conflict':
      return [455, 'Method Not Valid in This State'];
    case 'part-unreachable':
    case 'gateway-offline':
    case 'gateway-silent':
    case 'media-not-started':
    case 'timeout':
      return [503, 'Service Unavailable'];
    default:
      return [403, 'Forbidden'];
  }
}
