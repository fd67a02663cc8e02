import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { addressBytes, type Endpoint, parseIpAddress } from '@sluice/model';
import {
  addressValue,
  attribute,
  buildStun,
  integrityHolds,
  messageType,
  parseStun,
  readAddressValue,
  type StunAttribute,
  type StunMessage,
  xorAddressValue,
} from '@sluice/wire/stun';
import type { DeviceDirectory } from './device.ts';
import type { AcsLog } from './options.ts';
import type { Bindings } from './wake.ts';

/** Bindings that are remembered; the one that was seen longest ago makes room. */
const mostBindings = 100_000;
/** RFC 8489 6: its first four octets tell a STUN of today, which knows XOR-MAPPED-ADDRESS. */
const magicCookie = 0x2112a442;

/** Where to serve STUN. */
export interface StunOptions {
  readonly host: string;
  /** 0 takes a free one; 3478 is usual. */
  readonly port: number;
  readonly devices: Pick<DeviceDirectory, 'byConnectionRequestName'>;
  readonly log: AcsLog;
}

/** STUN being served: devices behind a NAT learn where they are seen, and are woken there. */
export interface StunListening extends AsyncDisposable {
  readonly port: number;
  readonly bindings: Bindings;
}

/** Serves STUN. Rejects when the port cannot be taken. */
export async function listenStun({ host, port, devices, log }: StunOptions): Promise<StunListening> {
  const address = parseIpAddress(host) ?? '::';
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4' });
  const seen = new Map<string, Endpoint>();
  socket.on('error', (error) => log.warn({ error: error.message }, 'STUN socket'));
  socket.on('message', (bytes, from) => {
    const message = parseStun(bytes);
    if (message?.type !== messageType.bindingRequest) return;
    answer(socket, message, from);
    keep(bytes, message, from).catch((error: unknown) => log.warn({ error: String(error) }, 'STUN binding not kept'));
  });

  /** A binding counts where the device that it names signed it: otherwise anybody could draw its connection requests. */
  async function keep(bytes: Uint8Array, { attributes }: StunMessage, from: RemoteInfo): Promise<void> {
    const value = (type: number) => attributes.find((each) => each.type === type)?.value;
    const name = value(attribute.username);
    if (!name || !value(attribute.connectionRequestBinding)) return;
    const device = await devices.byConnectionRequestName(
      Buffer.from(name)
        .toString('utf8')
        .replace(/[\0 ]+$/, ''),
    );
    if (!device?.connectionRequest || !integrityHolds(bytes, device.connectionRequest.password)) return;
    const place = endpointOf(from);
    if (!place) return;
    seen.delete(device.gatewayId);
    seen.set(device.gatewayId, place);
    for (const [oldest] of seen) {
      if (seen.size <= mostBindings) break;
      seen.delete(oldest);
    }
  }

  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ port, address, exclusive: true }, () => {
      socket.off('error', reject);
      resolve();
    });
  });
  return {
    port: socket.address().port,
    bindings: {
      of: (gatewayId) => seen.get(gatewayId),
      // Errors of one datagram, an unreachable port for instance, concern nobody here.
      send: (text, to) => socket.send(text, to.port, forSocket(socket, to.address), () => {}),
    },
    [Symbol.asyncDispose]: () => new Promise((closed) => socket.close(closed)),
  };
}

function answer(socket: Socket, { transaction, attributes }: StunMessage, from: RemoteInfo): void {
  const place = endpointOf(from);
  if (!place) return;
  const mapped = { address: addressBytes(place.address), port: place.port };
  const list: StunAttribute[] = [{ type: attribute.mappedAddress, value: addressValue(mapped) }];
  if (new DataView(transaction.buffer, transaction.byteOffset).getUint32(0) === magicCookie)
    list.push({ type: attribute.xorMappedAddress, value: xorAddressValue(mapped, transaction) });
  // A device finds out how long its binding lasts by having the answer sent to another port of its own; to another
  // address than its own nothing is ever sent.
  const elsewhere = attributes.find(({ type }) => type === attribute.responseAddress);
  const wanted = elsewhere && readAddressValue(elsewhere.value);
  if (elsewhere && (!wanted || Buffer.compare(wanted.address, mapped.address) !== 0 || wanted.port === 0)) return;
  const message = buildStun({ type: messageType.bindingResponse, transaction, attributes: list });
  socket.send(message, wanted?.port ?? from.port, from.address, () => {});
}

function endpointOf({ address, port }: RemoteInfo): Endpoint | undefined {
  const canonical = parseIpAddress(address);
  return canonical === undefined ? undefined : { address: canonical, port };
}

/** A socket for IPv6 sends to IPv4 addresses in their mapped form. */
function forSocket(socket: Socket, address: string): string {
  return socket.address().family === 'IPv6' && !address.includes(':') ? `::ffff:${address}` : address;
}
