import type { Clock, IpAddress } from '@sluice/model';
import { addressBytes } from '@sluice/model';
import {
  exchange,
  type LossReports,
  learntVersion,
  pcpDelays,
  pcpEpochVerdict,
  type Reply,
  type Udp,
} from '@sluice/port-control';
import {
  buildPcpRequest,
  otherVersionIn,
  type PcpBody,
  type PcpMapping,
  type PcpOption,
  type PcpResponse,
  parsePcpResponse,
  pcpAddress,
} from '@sluice/wire/pcp';
import type { GatewayMemory, ServerMemory } from './memory.ts';

/** What asking needs of the world. */
export interface AskingPorts {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly random: () => number;
  readonly reports: LossReports;
}

/** A request, but for what the socket knows. */
export interface PcpQuestion {
  readonly lifetime: number;
  readonly body: PcpBody;
  /** Address to ask from and, where this machine does not have it, to ask for (THIRD_PARTY). */
  readonly local?: IpAddress;
  readonly options?: readonly PcpOption[];
}

/** An answer of version 2, or the word that the server speaks another. */
export type PcpAnswer = PcpResponse | { readonly otherVersion: number };

/** One exchange with a server; what it tells of itself is remembered, and a loss of its mappings reported. */
export async function askPcp(
  question: PcpQuestion,
  server: ServerMemory,
  gateway: GatewayMemory,
  ports: AskingPorts,
  signal: AbortSignal,
): Promise<Reply<PcpAnswer>> {
  const { local, body, lifetime, options = [] } = question;
  const reply = await exchange<PcpAnswer>(
    {
      server: server.server,
      local,
      build(own) {
        const forOther = local !== undefined && local !== own.address;
        const thirdParty: PcpOption[] = forOther ? [{ kind: 'third-party', address: octetsOf(local) }] : [];
        return buildPcpRequest({
          lifetime,
          clientAddress: octetsOf(own.address),
          body,
          options: [...thirdParty, ...options],
        });
      },
      read(bytes) {
        const response = parsePcpResponse(bytes);
        if (response) return answers(response, body) ? response : undefined;
        const otherVersion = otherVersionIn(bytes);
        return otherVersion === undefined ? undefined : { otherVersion };
      },
      delays: pcpDelays(ports.random),
    },
    ports,
    signal,
  );
  if (reply.kind === 'answer') learn(reply.answer, server, gateway, ports);
  return reply;
}

/** An address as messages have it. */
export function octetsOf(address: IpAddress): Uint8Array {
  return pcpAddress(addressBytes(address));
}

/** RFC 6887 8.3, 11.4: nonce, protocol and internal port are those of the request. */
function answers({ body }: PcpResponse, asked: PcpBody): boolean {
  if (body.kind === 'map' && asked.kind === 'map') return sameMapping(body.mapping, asked.mapping);
  if (body.kind === 'missing') return asked.kind === 'map' && body.opcode === 1;
  return body.kind === 'announce' && asked.kind === 'announce';
}

function sameMapping(one: PcpMapping, other: PcpMapping): boolean {
  return (
    one.protocol === other.protocol &&
    one.internalPort === other.internalPort &&
    one.nonce.every((octet, at) => octet === other.nonce[at])
  );
}

function learn(answer: PcpAnswer, server: ServerMemory, gateway: GatewayMemory, { clock, reports }: AskingPorts): void {
  const now = clock.now();
  server.version = learntVersion('otherVersion' in answer ? answer.otherVersion : undefined, now);
  if ('otherVersion' in answer) return;
  if (readEpoch(answer.epoch, server, gateway, now)) {
    reports.now(gateway.gatewayId, 'an answer shows that it lost its mappings (epoch)');
  }
}

/** Whether a server's epoch tells that it lost its mappings since it last told one; then all that it said is void. */
export function readEpoch(epoch: number, server: ServerMemory, gateway: GatewayMemory, now: number): boolean {
  const reading = { epoch, at: now };
  const verdict = pcpEpochVerdict(server.epoch, reading);
  server.epoch = reading;
  if (verdict !== 'lost') return false;
  server.external = undefined;
  server.holds.clear();
  gateway.book.doubtAll();
  return true;
}
