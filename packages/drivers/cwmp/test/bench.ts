import { Acs, type CwmpDevice, identityOf, listenCwmp } from '@sluice/cwmp-acs';
import { VirtualClock } from '@sluice/io';
import type { Gateway } from '@sluice/model';
import { cwmpDriver, DeviceBook } from '../index.ts';
import { Cpe, type CpeOptions } from './cpe/cpe.ts';

const identity = { oui: '00D09E', serialNumber: '0001' };
const login = { username: '00D09E-0001', password: 'sesame' };
const connectionRequest = { username: 'acs', password: 'secret' };

/** What can be different about the device on the bench. */
export type BenchOptions = Partial<Omit<CpeOptions, 'acs' | 'clock'>>;

/** An ACS, the driver over it, and a device that has had its first session. */
export interface CwmpBench extends AsyncDisposable {
  readonly acs: Acs;
  readonly book: DeviceBook;
  readonly clock: VirtualClock;
  readonly cpe: Cpe;
  readonly driver: ReturnType<typeof cwmpDriver>;
  readonly gateway: Gateway;
}

/** Opens one, over HTTP on loopback. */
export async function cwmpBench(options: BenchOptions = {}): Promise<CwmpBench> {
  await using opened = new AsyncDisposableStack();
  const clock = new VirtualClock();
  const device: CwmpDevice = { gatewayId: 'home', identity: identityOf(identity), login, connectionRequest };
  const is = async (right: boolean) => (right ? device : undefined);
  const book = new DeviceBook();
  const acs = opened.use(
    new Acs({
      devices: {
        byIdentity: (each) => is(each === device.identity),
        byGatewayId: (each) => is(each === device.gatewayId),
        byConnectionRequestName: (each) => is(each === connectionRequest.username),
      },
      listener: { informed: () => undefined },
      clock,
      log: { debug() {}, info() {}, warn() {} },
    }),
  );
  const { port } = opened.use(await listenCwmp(acs, { hosts: ['127.0.0.1'], port: 0 }));
  const cpe = opened.use(
    new Cpe({
      model: 'tr-098',
      external: '203.0.113.1',
      lan: { address: '192.168.1.1', mask: '255.255.255.0' },
      identity,
      login,
      connectionRequest,
      ...options,
      acs: { port },
      clock,
    }),
  );
  await cpe.start();
  let state = 1;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const driver = cwmpDriver({ acs, clock, book, picking: { range: [16_384, 32_767], random } });
  const running = opened.move();
  return {
    acs,
    book,
    clock,
    cpe,
    driver,
    gateway: { gatewayId: 'home', type: 'cwmp', communication: {} },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
