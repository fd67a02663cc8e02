/** The driver on a host of the lab, told by lines of JSON what to do: `{ id, method, argument }`, answered `{ id, result }`. */
import { createInterface } from 'node:readline';
import type { GatewaySession } from '@sluice/driver';
import { askDevice, homeNetwork, searchLink, systemClock } from '@sluice/io';
import type { ConfigurationChange, Gateway, GrantedOpening, Outcome } from '@sluice/model';
import type { PortControlStep } from '@sluice/port-control';
import { igdDriver } from '../index.ts';

const gateway: Gateway = { gatewayId: 'home-1', type: 'igd', communication: JSON.parse(process.argv[2] ?? '{}') };
const ports = {
  clock: systemClock,
  home: homeNetwork,
  http: askDevice,
  search: searchLink,
  random: Math.random,
  lost() {},
};
let driver = igdDriver(ports);
let session: GatewaySession<PortControlStep> | undefined;
const soon = () => AbortSignal.timeout(15_000);

const connected = async () => {
  session ??= await driver.connect(gateway, soon());
  return session;
};

const methods: Record<string, (argument: never) => Promise<unknown>> = {
  async connect() {
    session = undefined;
    const { traits } = await connected();
    return traits;
  },
  /** As after a restart of the appliance. */
  async forget() {
    driver = igdDriver(ports);
    session = undefined;
  },
  addresses: async () => (await connected()).addresses(soon()),
  observe: async (believed: GrantedOpening[]) => (await connected()).observe(believed, soon()),
  async change(parts: Partial<ConfigurationChange>): Promise<Outcome> {
    const change = { gateway, open: [], close: [], renew: [], ...parts };
    const granted: GrantedOpening[] = [];
    for (const step of driver.plan(change, undefined, systemClock.now()).steps) {
      const outcome = await (await connected()).apply(step, soon());
      if (outcome.kind !== 'applied') return outcome;
      granted.push(...outcome.granted);
    }
    return { kind: 'applied', granted };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, argument } = JSON.parse(line) as { id: number; method: string; argument: never };
  const work = methods[method]?.(argument) ?? Promise.reject(new Error(`no method ${method}`));
  const answer = await work.then(
    (result) => ({ id, result }),
    (error: Error) => ({ id, error: `${error.name}: ${error.message}` }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
