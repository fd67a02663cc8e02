import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { type IntroductionAnswer, statusOf } from '@sluice/api';
import { type Identity, type Membership, peerCertificate, peerIdentity, serverTls } from '@sluice/identity';
import { type HttpsServer, type Log, serveHttps } from '@sluice/io';
import { parseIpAddress, type Refusal, refuse } from '@sluice/model';
import { type IntroductionGround, takeIntroduction } from '../consent/introductions.ts';

/** A home's gateway is a small machine, and few have anything to say to it. */
export const gatewayRoom = { unprovenOfOne: 16, unproven: 64, idleOfOne: 16, idle: 64 } as const;

/**
 * Serves `POST /v1/introductions` over mutual TLS. The kernel lets in nobody from outside; whoever comes to an address
 * that is not of the home is refused here once more. Rejects when the port cannot be taken.
 */
export function serveIntroductions(
  identity: Identity,
  port: number,
  ground: IntroductionGround,
  log: Log,
  secure: Membership['secure'] = () => {},
): Promise<HttpsServer> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // Nothing in the body matters: the key is the certificate's.
    request.resume();
    const socket = request.socket as TLSSocket;
    const { status, body } = await introduce(request.method, request.url, socket, ground, log);
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
  };
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response).catch((error: unknown) => {
      log.error({ error: String(error) }, 'an introduction failed');
      response.destroy();
    });
  };
  const tls = serverTls(identity);
  return serveHttps(listener, { hosts: ['::'], port, tls, secure, headerBytes: 8_192, room: gatewayRoom });
}

async function introduce(
  method: string | undefined,
  path: string | undefined,
  socket: TLSSocket,
  ground: IntroductionGround,
  log: Log,
): Promise<{ readonly status: number; readonly body: IntroductionAnswer | Refusal }> {
  const no = (refusal: Refusal, status = statusOf(refusal.code)) => ({ status, body: refusal });
  if (method !== 'POST' || path !== '/v1/introductions')
    return no(refuse('malformed', 'there is POST /v1/introductions here, and nothing else'), 404);
  const peer = peerIdentity(socket);
  const certificate = peerCertificate(socket);
  if (peer?.role !== 'appliance' || !certificate)
    return no(refuse('not-permitted', 'this needs the certificate of an appliance'));
  const taken = await takeIntroduction(
    {
      applianceId: peer.endpointId,
      jwk: certificate.publicKey.export({ format: 'jwk' }),
      to: parseIpAddress(socket.localAddress ?? ''),
      from: parseIpAddress(socket.remoteAddress ?? ''),
    },
    ground,
  );
  if ('code' in taken) {
    log.warn({ applianceId: peer.endpointId, from: socket.remoteAddress, ...taken }, 'not introduced');
    return no(taken);
  }
  const { applianceId, thumbprint, device } = taken;
  log.info({ applianceId, thumbprint, device }, 'introduced');
  return { status: 200, body: { applianceId, thumbprint } };
}
