import { VirtualClock } from '@sluice/io';
import { Acs, type AcsListening, type CwmpContact, type CwmpDevice, listenCwmp } from '../index.ts';
import type { AcsLimits } from '../options.ts';

/** The device that tests register. */
export const home: CwmpDevice = {
  gatewayId: 'home',
  identity: '00D09E-1',
  login: { username: 'home', password: 'sesame' },
  connectionRequest: { username: 'acs', password: 'secret' },
};

/** An ACS on loopback with a clock that the test moves. */
export interface TestAcs extends AsyncDisposable {
  readonly acs: Acs;
  readonly clock: VirtualClock;
  readonly port: number;
  /** Sessions that began. */
  readonly contacts: readonly CwmpContact[];
  /** What is done when one begins. */
  onInform: ((contact: CwmpContact) => Promise<unknown> | undefined) | undefined;
}

/** Opens one, with these devices registered. */
export async function listeningAcs(
  devices: readonly CwmpDevice[] = [home],
  limits: Partial<AcsLimits> = {},
): Promise<TestAcs> {
  const clock = new VirtualClock();
  const contacts: CwmpContact[] = [];
  const find = async (is: (device: CwmpDevice) => boolean) => devices.find(is);
  const quiet = { debug() {}, info() {}, warn() {} };
  const acs = new Acs({
    devices: {
      byIdentity: (identity) => find((device) => device.identity === identity),
      byGatewayId: (gatewayId) => find((device) => device.gatewayId === gatewayId),
      byConnectionRequestName: (name) => find((device) => device.connectionRequest?.username === name),
    },
    listener: {
      informed(contact) {
        contacts.push(contact);
        return made.onInform?.(contact);
      },
    },
    clock,
    log: quiet,
    limits,
  });
  const listening: AcsListening = await listenCwmp(acs, { hosts: ['127.0.0.1'], port: 0 });
  const made: TestAcs = {
    acs,
    clock,
    port: listening.port,
    contacts,
    onInform: undefined,
    async [Symbol.asyncDispose]() {
      acs[Symbol.dispose]();
      await listening[Symbol.asyncDispose]();
    },
  };
  return made;
}
