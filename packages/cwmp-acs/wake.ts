import { randomBytes, randomUUID } from 'node:crypto';
import { Unreachable } from '@sluice/driver';
import { type Clock, type Endpoint, formatEndpoint, isPort, parseIpAddress } from '@sluice/model';
import { connectionRequestText } from '@sluice/wire/cwmp';
import { type CwmpContact, managementServer } from './contact.ts';
import type { CwmpDevice, Login } from './device.ts';
import { requestConnection } from './http-connection-request.ts';

/** Where devices behind a NAT were last seen, and the socket that they were seen by: what comes from elsewhere is not let in. */
export interface Bindings {
  of(gatewayId: string): Endpoint | undefined;
  send(text: string, to: Endpoint): void;
}

/** Whom to wake, and with what. */
export interface Wake {
  readonly device: CwmpDevice;
  readonly contact: CwmpContact | undefined;
  readonly bindings: Bindings | undefined;
  readonly clock: Clock;
  /** Longest wait for the answer over HTTP. */
  readonly answerMs: number;
}

/** Datagrams get lost: the same one is sent again so long after the first (TR-069 G.2.2). The device takes it once. */
const againAfterMs = [0, 400, 1_200];

/**
 * Tells a device to begin a session, by HTTP and by UDP, whichever is known (TR-069 3.2.2, Annex G). Resolves when one
 * of them was taken, as far as one can know; throws `Unreachable` where none was.
 */
export async function wake(ports: Wake, signal: AbortSignal): Promise<void> {
  const { device } = ports;
  const url = urlOf(ports);
  const udp = udpAddressOf(ports);
  const login = device.connectionRequest;
  if (udp && login) sendDatagrams(ports, udp, login, signal);
  if (typeof url === 'string') {
    const cnonce = randomUUID().replaceAll('-', '');
    const late = new AbortController();
    const cancel = ports.clock.after(ports.answerMs, () => late.abort(new Unreachable('no answer')));
    try {
      await requestConnection(url, login, cnonce, AbortSignal.any([signal, late.signal]));
      return;
    } catch (error) {
      if (udp && login) return;
      if (signal.aborted) throw signal.reason;
      throw new Unreachable(`${device.gatewayId} cannot be woken: ${(error as Error).message}`, { cause: error });
    } finally {
      cancel();
    }
  }
  if (!(udp && login)) throw new Unreachable(`${device.gatewayId} has no session and cannot be woken: ${url.reason}`);
}

/** The registered address, or what the device says of itself where that is where it called from: no other gets our digest. */
function urlOf({ device, contact }: Wake): string | { readonly reason: string } {
  if (device.connectionRequestUrl !== undefined) return device.connectionRequestUrl;
  if (!contact) return { reason: 'it has not called since this server started, and no address is registered' };
  const told = managementServer(contact, 'ConnectionRequestURL');
  if (!told || !URL.canParse(told)) return { reason: 'it tells no address' };
  const { protocol, hostname } = new URL(told);
  if (protocol !== 'http:') return { reason: `its address is no http:// URL` };
  const host = parseIpAddress(hostname.replace(/^\[|\]$/g, ''));
  if (host !== undefined && host === contact.address) return told;
  return { reason: `it names ${hostname}, and called from ${contact.address}; register its address to trust it` };
}

/** Where its STUN binding was seen, or what it says where that is where it called from. */
function udpAddressOf({ device, contact, bindings }: Wake): Endpoint | undefined {
  if (!bindings) return undefined;
  const seen = bindings.of(device.gatewayId);
  if (seen || !contact) return seen;
  const told = managementServer(contact, 'UDPConnectionRequestAddress') ?? '';
  const at = told.lastIndexOf(':');
  // TR-069 G.2.1.1: ":80" may be left out.
  const [host, port] = at < 0 ? [told, 80] : [told.slice(0, at), Number(told.slice(at + 1))];
  const address = parseIpAddress(host.replace(/^\[|\]$/g, ''));
  return address !== undefined && address === contact.address && isPort(port) ? { address, port } : undefined;
}

function sendDatagrams({ clock, bindings }: Wake, to: Endpoint, login: Login, signal: AbortSignal): void {
  const request = {
    ts: Math.floor(clock.now() / 1_000),
    id: randomBytes(4).readUInt32BE(),
    username: login.username,
    cnonce: randomBytes(8).toString('hex'),
  };
  const text = connectionRequestText(request, formatEndpoint(to), login.password);
  const cancels = againAfterMs.map((ms) => {
    const send = () => bindings?.send(text, to);
    if (ms > 0) return clock.after(ms, send);
    send();
    return () => {};
  });
  signal.addEventListener(
    'abort',
    () => {
      for (const cancel of cancels) cancel();
    },
    { once: true },
  );
}
