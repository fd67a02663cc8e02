import type { IpAddress } from '@sluice/model';
import type { UspRecord } from '@sluice/wire/usp';
import type { RawData, WebSocket } from 'ws';
import { type Closed, closeCode, type UspConnection } from './connection.ts';
import { judge } from './inbound.ts';
import { KeepAlive } from './keep-alive.ts';
import type { Settled } from './options.ts';

/** Records kept for a receiver that is not there yet. */
const mostWaiting = 16;

/** A connection over an open WebSocket whose peer is proved. */
export class WebSocketConnection implements UspConnection {
  readonly local: string;
  readonly peer: string;
  readonly from?: IpAddress;
  readonly closed: Promise<Closed>;
  readonly #socket: WebSocket;
  readonly #options: Settled;
  #receiver: ((record: UspRecord) => void) | undefined;
  readonly #waiting: UspRecord[] = [];
  /** Once this end has said goodbye, or judged the peer, nothing more is delivered. */
  #ending = false;

  constructor(socket: WebSocket, peer: string, options: Settled, from?: IpAddress) {
    this.local = options.endpointId;
    this.peer = peer;
    if (from !== undefined) this.from = from;
    this.#socket = socket;
    this.#options = options;
    socket.on('message', (data, isBinary) => this.#take(data, isBinary));
    // An error is always followed by a close, which is where it is told.
    socket.on('error', (error) => options.log.debug({ peer, error: error.message }, 'websocket error'));
    const keepAlive =
      options.pingIntervalMs > 0
        ? new KeepAlive(socket, options.clock, options.pingIntervalMs, options.random)
        : undefined;
    socket.on('pong', () => keepAlive?.answered());
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        keepAlive?.stop();
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  send(record: Uint8Array): boolean {
    const socket = this.#socket;
    if (this.#ending || socket.readyState !== socket.OPEN) return false;
    if (socket.bufferedAmount + record.length > this.#options.maxQueuedBytes && socket.bufferedAmount > 0) {
      this.#options.log.warn({ peer: this.peer, queued: socket.bufferedAmount }, 'peer reads too slowly');
      return false;
    }
    socket.send(record, { binary: true });
    return true;
  }

  receive(receiver: (record: UspRecord) => void): void {
    this.#receiver = receiver;
    for (const record of this.#waiting.splice(0)) receiver(record);
    this.#socket.resume();
  }

  close(code: number = closeCode.normal, reason = ''): void {
    if (this.#ending) return;
    this.#ending = true;
    // A paused socket would not see the peer's answer to the close.
    this.#socket.resume();
    this.#socket.close(code, reason);
  }

  #take(data: RawData, isBinary: boolean): void {
    if (this.#ending) return;
    if (!isBinary) {
      this.#refuse(closeCode.unusable, 'text frame');
      return;
    }
    // binaryType "nodebuffer" makes every binary message a Buffer.
    const inbound = judge(data as Buffer, this.local, this.peer, this.#options.maxRecordBytes);
    switch (inbound.kind) {
      case 'record':
        if (this.#receiver) this.#receiver(inbound.record);
        else this.#keep(inbound.record);
        return;
      case 'ignore':
        this.#options.log.info({ peer: this.peer, reason: inbound.reason }, 'record ignored');
        return;
      case 'close':
        this.#refuse(inbound.code, inbound.reason);
    }
  }

  #keep(record: UspRecord): void {
    // Beyond a few records TCP makes the peer wait. A paused socket notices no close, so it is not paused before.
    if (this.#waiting.push(record) >= mostWaiting) this.#socket.pause();
  }

  #refuse(code: number, reason: string): void {
    this.#options.log.warn({ peer: this.peer, code, reason }, 'connection ended: unusable record');
    this.close(code, reason);
  }
}
