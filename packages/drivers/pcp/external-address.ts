import { formatAddress, type IpAddress } from '@sluice/model';
import { exchange, natPmpDelays } from '@sluice/port-control';
import { buildNatPmpRequest, natPmpResult, parseNatPmpResponse } from '@sluice/wire/natpmp';
import { anyAddress, bareAddress, parsePcpResponse, pcpProtocol, pcpResult } from '@sluice/wire/pcp';
import { askPcp, octetsOf } from './asking.ts';
import type { MapperPorts } from './mapper.ts';
import type { ServerMemory } from './memory.ts';
import { nonceOf } from './nonce.ts';

/** A port that home gateways let be mapped, and a documentation address (RFC 5737): nobody is let in. */
const idlePort = 61_009;
const nobody = '192.0.2.1';
const shortLifetime = 120;

/**
 * The gateway's global IPv4 address. PCP has no question for it: most gateways answer NAT-PMP's; one that does not maps a
 * port that nobody can use for a moment (RFC 6887 11.6 has that way). Undefined where it does not tell.
 */
export async function externalAddress(
  server: ServerMemory,
  ports: MapperPorts,
  signal: AbortSignal,
): Promise<IpAddress | undefined> {
  server.external ??= (await byNatPmp(server, ports, signal)) ?? (await byMapping(server, ports, signal));
  return server.external;
}

async function byNatPmp(
  { server }: ServerMemory,
  ports: MapperPorts,
  signal: AbortSignal,
): Promise<IpAddress | undefined> {
  const reply = await exchange<IpAddress | 'unknown'>(
    {
      server,
      build: () => buildNatPmpRequest({ kind: 'external-address' }),
      read(bytes) {
        const answer = parseNatPmpResponse(bytes);
        if (answer?.kind === 'external-address' && answer.result === natPmpResult.success)
          return formatAddress(answer.address);
        const refuses = parsePcpResponse(bytes)?.result === pcpResult.unsuppVersion;
        return refuses || answer?.kind === 'error' || answer?.kind === 'external-address' ? 'unknown' : undefined;
      },
      delays: natPmpDelays,
    },
    ports,
    signal,
  );
  const known = reply.kind === 'answer' && reply.answer !== 'unknown' && reply.answer !== '0.0.0.0';
  return known ? reply.answer : undefined;
}

async function byMapping(
  server: ServerMemory,
  ports: MapperPorts,
  signal: AbortSignal,
): Promise<IpAddress | undefined> {
  const mapping = {
    nonce: nonceOf(ports.secret, 'global address'),
    protocol: pcpProtocol.udp,
    internalPort: idlePort,
    externalPort: 0,
    externalAddress: anyAddress(4),
  };
  const body = { kind: 'map', mapping } as const;
  const options = [{ kind: 'filter', prefixLength: 128, port: idlePort, address: octetsOf(nobody) } as const];
  const ask = (lifetime: number) =>
    askPcp({ lifetime, body, options: lifetime === 0 ? [] : options }, server, ports.gateway, ports, signal);
  const reply = await ask(shortLifetime);
  if (reply.kind !== 'answer' || 'otherVersion' in reply.answer || reply.answer.result !== pcpResult.success)
    return undefined;
  const { answer } = reply;
  await ask(0);
  const address = answer.body.kind === 'map' ? bareAddress(answer.body.mapping.externalAddress) : new Uint8Array(0);
  return address.length === 4 && address.some((octet) => octet !== 0) ? formatAddress(address) : undefined;
}
