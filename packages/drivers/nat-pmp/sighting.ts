import { type Clock, formatAddress, type SeenPortControl } from '@sluice/model';
import { exchange, type LookAtHome, natPmpDelays, serverOf, type Udp } from '@sluice/port-control';
import { buildNatPmpRequest, natPmpResult, natPmpServerPort, parseNatPmpResponse } from '@sluice/wire/natpmp';

/** What looking for a server of NAT-PMP needs. */
export interface NatPmpSightingPorts {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly home: LookAtHome;
  /** UDP port that is asked; left out, the standard's. */
  readonly port?: number;
}

/** The server of NAT-PMP at the default router, or why there is none. Its address is asked, which changes nothing. */
export async function seeNatPmp(ports: NatPmpSightingPorts, signal: AbortSignal): Promise<SeenPortControl | string> {
  const anyServer = { gatewayId: 'home', type: 'nat-pmp', communication: {} } as const;
  const server = serverOf(anyServer, 4, ports.home(), ports.port ?? natPmpServerPort);
  if (!server) return 'no default route leads to a gateway';
  const reply = await exchange<SeenPortControl | string>(
    {
      server,
      build: () => buildNatPmpRequest({ kind: 'external-address' }),
      read(bytes) {
        const answer = parseNatPmpResponse(bytes);
        if (answer?.kind === 'error') return 'it speaks another version of the port alone';
        if (answer?.kind !== 'external-address') return undefined;
        const external = formatAddress(answer.address);
        const isKnown = answer.result === natPmpResult.success && external !== '0.0.0.0';
        return { address: server.address, version: 0, epoch: answer.epoch, ...(isKnown && { external }) };
      },
      delays: natPmpDelays,
    },
    ports,
    signal,
  );
  return reply.kind === 'answer' ? reply.answer : `${server.address} does not answer: ${reply.reason}`;
}
