import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { Content, StartRequest } from '@sluice/api';
import { type Endpoint, transportOf } from '@sluice/model';
import {
  buildRtcp,
  looksLikeRtcp,
  parseRtcp,
  parseRtpHeader,
  type Reception,
  ReceptionTally,
  type RtcpPacket,
} from '@sluice/wire/rtp';
import { parseSdp, rtpMapsOf, sdpAttribute } from '@sluice/wire/sdp';

interface Ear {
  readonly id: string;
  readonly streamType: string;
  readonly to: Endpoint;
  readonly remote: Endpoint;
  readonly socket?: Socket;
  readonly server?: Server;
}

/** Who receives a content on loopback: a socket for each stream, and the account of what came. */
export class Viewer implements AsyncDisposable {
  readonly content: Content;
  readonly tallies = new Map<string, ReceptionTally>();
  readonly rtcp = new Map<string, RtcpPacket[]>();
  readonly bytes = new Map<string, Buffer[]>();
  /** RTP datagrams in the order in which they came, with their stream's id; kept only where asked for. */
  readonly datagrams: { readonly id: string; readonly bytes: Uint8Array }[] = [];
  /** Streams whose sender said goodbye, or closed its connection. */
  readonly over = new Set<string>();
  /** Told of each datagram, whatever it is. */
  onDatagram: ((id: string, bytes: Uint8Array, from: Endpoint) => void) | undefined;
  readonly #ears: Ear[] = [];
  readonly #keep: boolean;
  #changed = Promise.withResolvers<void>();

  private constructor(content: Content, keep: boolean) {
    this.content = content;
    this.#keep = keep;
  }

  /** Opens a port for each stream of the content. */
  static async open(content: Content, keep = false): Promise<Viewer> {
    const viewer = new Viewer(content, keep);
    const rates = clockRates(content);
    for (const stream of content.streams) {
      const { id, streamType } = stream;
      const address = stream.remote.address;
      if (transportOf(streamType) === 'tcp') {
        const server = createServer((socket) => viewer.#read(id, socket));
        server.listen({ host: address, port: 0 });
        await once(server, 'listening');
        const bound = server.address();
        const port = typeof bound === 'object' && bound ? bound.port : 0;
        viewer.#ears.push({ id, streamType, to: { address, port }, remote: stream.remote, server });
      } else {
        const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 1 << 20 });
        socket.bind({ address, port: 0 });
        await once(socket, 'listening');
        if (streamType === 'rtp') viewer.tallies.set(id, new ReceptionTally(rates.get(id) ?? 90000));
        socket.on('message', (bytes, { address, port }) => {
          viewer.onDatagram?.(id, bytes, { address, port });
          viewer.#hear(id, streamType, bytes);
        });
        const to = { address, port: socket.address().port };
        viewer.#ears.push({ id, streamType, to, remote: stream.remote, socket });
      }
    }
    return viewer;
  }

  /** What a start of this content to this viewer names. */
  get streams(): StartRequest['streams'] {
    return this.#ears.map(({ id, to }) => ({ id, to: { ...to } }));
  }

  reception(id: string): Reception {
    const tally = this.tallies.get(id);
    if (!tally) throw new Error(`no RTP stream ${id}`);
    return tally.reception();
  }

  /** All octets of a TCP stream so far. */
  text(id: string): Buffer {
    return Buffer.concat(this.bytes.get(id) ?? []);
  }

  /** Sends a datagram from a stream's own port to its server's. */
  speak(id: string, bytes: Uint8Array): void {
    const ear = this.#ears.find((candidate) => candidate.id === id);
    ear?.socket?.send(bytes, ear.remote.port, ear.remote.address);
  }

  /** Reports what came of an RTP stream on its RTCP stream. */
  report(id: string): void {
    const block = this.tallies.get(id)?.reportBlock(performance.now());
    const reports = block ? [block] : [];
    this.speak(`${id}-rtcp`, buildRtcp([{ type: 'receiver-report', ssrc: 1, reports }]));
  }

  /** Waits until `met` holds; it is asked whenever something came. */
  async until(met: () => boolean): Promise<void> {
    while (!met()) await this.#changed.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket, server } of this.#ears) {
      if (socket) await new Promise<void>((resolve) => socket.close(() => resolve()));
      server?.close();
    }
  }

  #hear(id: string, streamType: string, bytes: Uint8Array): void {
    if (streamType === 'rtcp') {
      const packets = looksLikeRtcp(bytes) ? parseRtcp(bytes) : undefined;
      if (!packets) throw new Error(`no RTCP on ${id}`);
      this.rtcp.set(id, [...(this.rtcp.get(id) ?? []), ...packets]);
      if (packets.some(({ type }) => type === 'goodbye')) this.over.add(id);
    } else {
      const header = parseRtpHeader(bytes);
      if (!header) throw new Error(`no RTP on ${id}`);
      this.tallies.get(id)?.count(header, performance.now());
      if (this.#keep) this.datagrams.push({ id, bytes });
    }
    this.#wake();
  }

  #read(id: string, socket: import('node:net').Socket): void {
    const parts: Buffer[] = [];
    this.bytes.set(id, parts);
    socket.on('data', (part) => {
      parts.push(part);
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.over.add(id);
      this.#wake();
    });
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

function clockRates({ sdp }: Content): Map<string, number> {
  const media = sdp === undefined ? [] : parseSdp(sdp).media;
  return new Map(
    media.map((section) => [sdpAttribute(section.attributes, 'mid') ?? '', rtpMapsOf(section)[0]?.clockRate ?? 90000]),
  );
}
