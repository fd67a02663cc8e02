import { type GatewaySession, Unreachable } from '@sluice/driver';
import {
  type Clock,
  type Gateway,
  type GatewayAddresses,
  type GrantedOpening,
  type Opening,
  type Outcome,
  refuse,
} from '@sluice/model';
import {
  type AddressBook,
  addressPaths,
  createdRows,
  deletedAll,
  type GatewayNetworks,
  type Lease,
  missedBySet,
  networksIn,
  refusalIn,
  rowsIn,
  type UspPort,
  type UspStep,
} from '@sluice/usp-gateway';
import {
  addRequest,
  deleteRequest,
  freePortsCommand,
  getRequest,
  mappingProtocols,
  operateRequest,
  pinholeTable,
  portMappingTable,
  refusalOfError,
  setRequest,
  type UspAnswer,
  type UspRequest,
} from '@sluice/wire/usp';
import { grantOf, missingParameters } from './grants.ts';
import { heldOpening } from './held-rows.ts';
import { interfaceFor, pathOf, rowOf } from './rows.ts';
import { firewallTraits, sluiceTraits } from './traits.ts';

/** What the driver is made of. */
export interface SluiceDriverPorts {
  readonly controller: UspPort;
  readonly clock: Clock;
  readonly addressBook: AddressBook;
}

/**
 * The conversation with one gateway that is online. It holds no connection of its own: the controller keeps that. Throws
 * `Unreachable` where the gateway does not tell its addresses, which say whether it translates.
 */
export async function sluiceSession(
  gateway: Gateway,
  { controller, clock, addressBook }: SluiceDriverPorts,
  signal: AbortSignal,
): Promise<GatewaySession<UspStep>> {
  const { gatewayId } = gateway;
  const ask = (request: UspRequest, signal: AbortSignal) => controller.request(gatewayId, request, signal);
  let translates = true;
  await networksAtFirst();

  async function networksAtFirst(): Promise<GatewayNetworks> {
    try {
      return await networksNow(signal);
    } catch (error) {
      if (error instanceof Unreachable || signal.aborted) throw error;
      throw new Unreachable(`${gatewayId} does not tell its addresses: ${String(error)}`);
    }
  }

  async function networksNow(signal: AbortSignal): Promise<GatewayNetworks> {
    const networks = addressBook.of(gatewayId) ?? (await askNetworks(signal));
    translates = networks.translates;
    return networks;
  }

  async function askNetworks(signal: AbortSignal): Promise<GatewayNetworks> {
    const revision = addressBook.revision(gatewayId);
    const networks = networksIn(answered(await ask(getRequest(addressPaths), signal), gatewayId));
    addressBook.keep(gatewayId, networks, revision);
    return networks;
  }

  async function open(leases: readonly Lease<Opening>[], signal: AbortSignal): Promise<Outcome> {
    const openings = leases.map(({ opening }) => opening);
    const networks = await networksNow(signal);
    const wanted = leases.map((lease) =>
      rowOf(lease, interfaceFor(lease.opening, networks)?.reference, networks.translates),
    );
    const answer = await ask(addRequest(wanted), signal);
    if (answer.kind === 'error') return { kind: 'refused', refusal: refusalIn(answer, openings) };
    const rows = createdRows(answer, openings);
    if (!rows) return unknown('its answer does not cover every opening');
    const pairs = openings.flatMap((opening, index) => {
      const row = rows[index];
      return row ? [{ opening, row }] : [];
    });
    const missing = pairs.flatMap(({ opening, row }) => missingParameters(opening, row, networks));
    const looked = missing.length === 0 ? [] : rowsIn(await ask(getRequest(missing), signal));
    const granted = pairs.flatMap(({ opening, row }) => grantOf(opening, row, looked ?? [], networks) ?? []);
    return granted.length === openings.length
      ? { kind: 'applied', granted }
      : unknown('it took the openings and does not tell where they lead');
  }

  async function renew(leases: readonly Lease<GrantedOpening>[], signal: AbortSignal): Promise<Outcome> {
    const openings = leases.map(({ opening }) => opening);
    const objects = leases.map(({ opening, seconds }) => ({
      path: pathOf(opening),
      values: { LeaseDuration: String(seconds) },
    }));
    const answer = await ask(setRequest(objects), signal);
    if (answer.kind === 'error') return { kind: 'refused', refusal: refusalIn(answer, openings) };
    const missed = missedBySet(answer, openings);
    if (!missed) return unknown('its answer is none to a Set');
    const [first] = missed;
    if (!first) return { kind: 'applied', granted: openings };
    const message = `the gateway no longer holds ${missed.map(({ id }) => id).join(', ')}`;
    return { kind: 'refused', refusal: refuse('gateway-refused', message, first.id) };
  }

  async function close(openings: readonly GrantedOpening[], signal: AbortSignal): Promise<Outcome> {
    const answer = await ask(deleteRequest(openings.map(pathOf)), signal);
    if (answer.kind === 'error') return { kind: 'refused', refusal: refusalIn(answer, openings) };
    return deletedAll(answer) ? { kind: 'applied', granted: [] } : unknown('it did not say that all are closed');
  }

  function take(step: UspStep, signal: AbortSignal): Promise<Outcome> {
    switch (step.kind) {
      case 'open':
        return open(step.leases, signal);
      case 'renew':
        return renew(step.leases, signal);
      case 'close':
        return close(step.openings, signal);
    }
  }

  return {
    get traits() {
      return translates ? sluiceTraits : firewallTraits;
    },

    async addresses(signal): Promise<GatewayAddresses> {
      return (await networksNow(signal)).addresses;
    },

    async observe(_believed, signal) {
      const answer = await ask(getRequest([portMappingTable, pinholeTable]), signal);
      const at = clock.now();
      const rows = answered(answer, gatewayId).filter(({ path }) => /\.\d+\.$/.test(path));
      const ours = rows.flatMap((row) => heldOpening(row, at) ?? []);
      return { at, ours, foreign: rows.length - ours.length };
    },

    async apply(step, signal) {
      try {
        return await take(step, signal);
      } catch (error) {
        if (error instanceof Unreachable) return { kind: 'refused', refusal: offline(gatewayId) };
        return unknown(error instanceof Error ? error.message : String(error));
      }
    },

    async freePorts({ transport, count, paired }, signal) {
      const input = { Protocol: mappingProtocols[transport], Count: String(count), Paired: String(paired) };
      return portsIn(await ask(operateRequest(freePortsCommand, input), signal), gatewayId);
    },

    async [Symbol.asyncDispose]() {},
  };
}

const unknown = (reason: string): Outcome => ({ kind: 'unknown', reason });

const offline = (gatewayId: string) => refuse('gateway-offline', `the gateway ${gatewayId} is not connected`);

function answered(answer: UspAnswer, gatewayId: string) {
  const rows = rowsIn(answer);
  if (rows) return rows;
  const words = answer.kind === 'error' ? `USP error ${answer.code}: ${answer.message}` : 'no answer to a Get';
  throw new Unreachable(`${gatewayId} cannot be read (${words})`);
}

/** None where the gateway says that its ports are exhausted. */
function portsIn(answer: UspAnswer, gatewayId: string): readonly number[] {
  const result =
    answer.kind === 'response' && answer.response.case === 'operateResp'
      ? answer.response.value.operationResults[0]?.operationResp
      : undefined;
  if (result?.case === 'reqOutputArgs') {
    const list = result.value.outputArgs.Ports ?? '';
    return list === '' ? [] : list.split(',').map(Number);
  }
  if (result?.case === 'cmdFailure' && refusalOfError(result.value.errCode) === 'ports-exhausted') return [];
  throw new Unreachable(`${gatewayId} does not list its free ports`);
}
