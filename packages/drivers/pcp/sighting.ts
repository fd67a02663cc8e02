import { addressBytes, type Clock, type IpAddress, type SeenPortControl } from '@sluice/model';
import { exchange, type LookAtHome, natPmpDelays, serverOf, type Udp } from '@sluice/port-control';
import {
  buildPcpRequest,
  otherVersionIn,
  parsePcpResponse,
  pcpAddress,
  pcpServerPort,
  pcpVersion,
} from '@sluice/wire/pcp';

/** What looking for a server of PCP needs. */
export interface PcpSightingPorts {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly home: LookAtHome;
  /** Who is asked; left out, the default router. */
  readonly address?: IpAddress;
  /** UDP port that is asked; left out, the standard's. */
  readonly port?: number;
}

/**
 * The server of PCP at the default router, or at `address`, or why there is none. ANNOUNCE is asked, which changes nothing (RFC 6887 14);
 * so it does not tell its external address.
 */
export async function seePcp(ports: PcpSightingPorts, signal: AbortSignal): Promise<SeenPortControl | string> {
  const { address: named } = ports;
  const communication = named === undefined ? {} : { address: named };
  const anyServer = { gatewayId: 'home', type: 'pcp', communication } as const;
  const home = ports.home();
  const port = ports.port ?? pcpServerPort;
  const server = serverOf(anyServer, 4, home, port) ?? serverOf(anyServer, 6, home, port);
  if (!server) return 'no default route leads to a gateway';
  const reply = await exchange<SeenPortControl | string>(
    {
      server,
      build: ({ address }) =>
        buildPcpRequest({
          lifetime: 0,
          clientAddress: pcpAddress(addressBytes(address)),
          body: { kind: 'announce' },
          options: [],
        }),
      read(bytes) {
        const response = parsePcpResponse(bytes);
        if (response?.body.kind === 'announce')
          return { address: server.address, version: pcpVersion, epoch: response.epoch };
        const other = otherVersionIn(bytes);
        return other === undefined ? undefined : `it speaks version ${other} of the port alone`;
      },
      delays: natPmpDelays,
    },
    ports,
    signal,
  );
  return reply.kind === 'answer' ? reply.answer : `${server.address} does not answer: ${reply.reason}`;
}
