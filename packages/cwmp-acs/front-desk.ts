import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { parseIpAddress } from '@sluice/model';
import { type CwmpEnvelope, CwmpMalformed, readEnvelope, writeEnvelope } from '@sluice/wire/cwmp';
import type { Acs } from './acs.ts';
import { challenges, claimOf, proves } from './credentials.ts';
import { type CwmpDevice, identityOf } from './device.ts';
import { Nonces } from './nonces.ts';
import { last, Precedence } from './precedence.ts';
import { ProvenConnections } from './proven-connections.ts';
import { readBody } from './read-body.ts';
import type { CwmpSession, Reply, SessionLink } from './session.ts';

const cookieName = 'session';

/** What is known of a connection. */
interface Line {
  /** The device that proved on it who it is. */
  device?: CwmpDevice;
  session?: CwmpSession;
  /** Our answer is awaited on it. */
  awaits: boolean;
}

interface Found {
  readonly session: CwmpSession;
  readonly link: SessionLink;
}

/** Takes HTTP requests of devices: finds the session of each, or has it begin, and answers with what the session says. */
export class FrontDesk {
  readonly #acs: Acs;
  readonly #nonces: Nonces;
  readonly #lines = new WeakMap<Socket, Line>();
  readonly #proven: ProvenConnections;
  readonly #precedence = new Precedence();

  /** `settle` is told of each connection on which a device has proved who it is. */
  constructor(acs: Acs, settle: (socket: Socket) => void) {
    this.#acs = acs;
    this.#proven = new ProvenConnections(settle);
    this.#nonces = new Nonces(acs.options.clock);
  }

  /** Never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#serve(request, response);
    } catch (error) {
      this.#acs.options.log.warn({ error: String(error) }, 'serving a device failed');
      if (!response.headersSent) response.writeHead(500, { Connection: 'close' }).end();
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') return refuse(response, 405);
    const line = this.#lineOf(request.socket);
    line.awaits = true;
    try {
      const body = await readBody(request, this.#acs.limits.bodyBytes);
      // Whoever is waited for goes before those that begin, and who began first before those that began later.
      await this.#precedence.turn(this.#find(request, line)?.session.rank ?? last);
      const found = this.#find(request, line);
      if (!body) {
        found?.session.end('it sent too much');
        return refuse(response, 413);
      }
      // Whoever shows nothing has nothing read of it.
      const claim = found || line.device ? 'none' : claimOf(request, this.#nonces);
      if (!found && !line.device && typeof claim === 'string') return this.#challenge(request, response, claim);
      const envelope = this.#read(body, found);
      if (envelope === 'malformed') return refuse(response, 400);
      if (envelope?.message.name === 'Inform') return await this.#begin(request, response, line, envelope, claim);
      const session = found ?? (typeof claim === 'string' ? undefined : this.#provenSession(claim));
      if (!session) return empty(response, { status: 204 });
      line.session = session.session;
      const reply = await session.session.take(envelope, session.link);
      this.#send(response, reply);
    } finally {
      line.awaits = false;
    }
  }

  /** A device's first message: it proves who it is, unless it did so on this connection already. */
  async #begin(
    request: IncomingMessage,
    response: ServerResponse,
    line: Line,
    envelope: CwmpEnvelope,
    made: ReturnType<typeof claimOf>,
  ): Promise<void> {
    const { message, id, namespace } = envelope;
    if (message.name !== 'Inform') return;
    const { devices, log } = this.#acs.options;
    const identity = identityOf(message.deviceId);
    const device = await devices.byIdentity(identity);
    // A registration that changed, or is gone, is proven anew, also on a connection that was good before.
    if (!device || !line.device || !isSameProof(line.device, device)) {
      const claim = typeof made === 'string' ? claimOf(request, this.#nonces) : made;
      if (typeof claim === 'string') return this.#challenge(request, response, claim);
      if (!device || !proves(claim, device)) {
        const { remoteAddress: address } = request.socket;
        log.warn({ identity: identity.slice(0, 80), address, known: device !== undefined }, 'a device was not let in');
        return this.#challenge(request, response, 'none');
      }
    }
    const isNew = this.#acs.sessionWith(device.gatewayId) === undefined;
    if (isNew && this.#acs.sessions >= this.#acs.limits.sessions) return refuse(response, 503);
    const address = parseIpAddress(request.socket.remoteAddress ?? '');
    const session = this.#acs.begin(device, message, namespace, address);
    if (!line.device) this.#proven.add(device.gatewayId, request.socket);
    line.device = device;
    line.session = session;
    const body = writeEnvelope({ namespace, ...(id !== undefined && { id }), message: { name: 'InformResponse' } });
    response.setHeader('Set-Cookie', `${cookieName}=${session.secret}; Path=/; HttpOnly`);
    this.#send(response, { status: 200, body });
  }

  /** By the cookie first: one connection may carry several sessions after each other. */
  #find(request: IncomingMessage, line: Line): Found | undefined {
    for (const [, secret] of (request.headers.cookie ?? '').matchAll(/(?:^|[;,])\s*session="?([0-9a-f]{32})/g)) {
      const session = this.#acs.sessionOf(secret ?? '');
      if (session) return { session, link: 'cookie' };
    }
    const { session } = line;
    return session && !session.hasEnded ? { session, link: 'connection' } : undefined;
  }

  /** The session of a device that returns no cookie, comes on a new connection, and proves again who it is. */
  #provenSession(claim: Exclude<ReturnType<typeof claimOf>, string>): Found | undefined {
    const proven = this.#acs.sessionsOfDevices().filter(({ device }) => proves(claim, device));
    const [only] = proven;
    return only && proven.length === 1 ? { session: only.session, link: 'password' } : undefined;
  }

  #read(body: Buffer, found: Found | undefined): CwmpEnvelope | undefined | 'malformed' {
    if (body.every((byte) => byte <= 0x20)) return undefined;
    try {
      return readEnvelope(body);
    } catch (error) {
      if (!(error instanceof CwmpMalformed)) throw error;
      const gatewayId = found?.session.contact.gatewayId;
      this.#acs.options.log.warn({ gatewayId, reason: error.message }, 'a device sent what is no message');
      found?.session.end(`it sent what is no message: ${error.message}`);
      return 'malformed';
    }
  }

  #challenge(request: IncomingMessage, response: ServerResponse, why: 'none' | 'stale'): void {
    response.setHeader('WWW-Authenticate', challenges(request, this.#nonces, why === 'stale'));
    refuse(response, 401);
  }

  #send(response: ServerResponse, reply: Reply): void {
    if (reply.body === undefined) {
      empty(response, reply);
      return;
    }
    const body = Buffer.from(reply.body, 'utf8');
    response
      .writeHead(reply.status, { 'Content-Type': 'text/xml; charset="utf-8"', 'Content-Length': body.length })
      .end(body);
  }

  #lineOf(socket: Socket): Line {
    let line = this.#lines.get(socket);
    if (!line) {
      const made: Line = { awaits: false };
      line = made;
      this.#lines.set(socket, made);
      socket.once('close', () => made.session?.connectionClosed(made.awaits));
    }
    return line;
  }
}

/** Whether what was proven for one registration is proven for another. */
function isSameProof(one: CwmpDevice, other: CwmpDevice): boolean {
  return (
    one.gatewayId === other.gatewayId &&
    one.identity === other.identity &&
    one.certificateName === other.certificateName &&
    one.login?.username === other.login?.username &&
    one.login?.password === other.login?.password
  );
}

function empty(response: ServerResponse, { status }: Reply): void {
  response.writeHead(status, status === 204 ? {} : { 'Content-Length': 0 }).end();
}

/** A connection goes on after 401 only: what else was wrong may go on arriving on it. */
function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Content-Length': 0, ...(status !== 401 && { Connection: 'close' }) }).end();
}
