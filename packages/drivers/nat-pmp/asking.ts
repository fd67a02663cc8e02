import { type Clock, formatAddress, type IpAddress } from '@sluice/model';
import {
  exchange,
  type LossReports,
  natPmpDelays,
  natPmpEpochVerdict,
  type Reply,
  type Udp,
} from '@sluice/port-control';
import {
  buildNatPmpRequest,
  type NatPmpRequest,
  type NatPmpResponse,
  natPmpResult,
  parseNatPmpResponse,
} from '@sluice/wire/natpmp';
import type { GatewayMemory } from './memory.ts';

/** What asking needs of the world. */
export interface AskingPorts {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly reports: LossReports;
}

/**
 * One exchange with a gateway, from `local` or, where that is none of this machine's addresses, not at all; what the
 * answer tells of the gateway's time is remembered, and a loss of its mappings reported.
 */
export async function askNatPmp(
  request: NatPmpRequest,
  local: IpAddress | undefined,
  memory: GatewayMemory,
  ports: AskingPorts,
  signal: AbortSignal,
): Promise<Reply<NatPmpResponse>> {
  const question = {
    server: memory.server,
    local,
    fromLocalOnly: true,
    build: () => buildNatPmpRequest(request),
    read(bytes: Uint8Array) {
      const response = parseNatPmpResponse(bytes);
      return response && answers(response, request) ? response : undefined;
    },
    delays: natPmpDelays,
  };
  const reply = await exchange<NatPmpResponse>(question, ports, signal);
  if (reply.kind !== 'answer') return reply;
  const { answer } = reply;
  if (readEpoch(answer.epoch, memory, ports.clock.now()))
    ports.reports.now(memory.gatewayId, 'an answer shows that it lost its mappings (epoch)');
  if (answer.kind === 'external-address' && answer.result === natPmpResult.success)
    memory.external = formatAddress(answer.address);
  return reply;
}

function answers(response: NatPmpResponse, request: NatPmpRequest): boolean {
  if (response.kind === 'error') return response.opcode === opcodeOf(request);
  if (response.kind === 'external-address' || request.kind === 'external-address')
    return response.kind === request.kind;
  return response.protocol === request.protocol && response.internalPort === request.internalPort;
}

function opcodeOf(request: NatPmpRequest): number {
  return buildNatPmpRequest(request)[1] ?? 0;
}

/** Whether a gateway's epoch tells that it lost its mappings since it last told one. */
export function readEpoch(epoch: number, memory: GatewayMemory, now: number): boolean {
  const reading = { epoch, at: now };
  const verdict = natPmpEpochVerdict(memory.epoch, reading);
  memory.epoch = reading;
  if (verdict !== 'lost') return false;
  memory.external = undefined;
  memory.book.doubtAll();
  return true;
}
