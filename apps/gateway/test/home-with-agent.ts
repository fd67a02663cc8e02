import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAuthority, writeIdentity } from '@sluice/identity';
import { type BuiltNetwork, buildNetwork, type HostProcess, homes, run, startOnHost } from '../../../lab/index.ts';
import { RawSender, rtpPayload, Sniffer } from '../../../lab/packets/index.ts';
import { askHousehold } from '../io/household-socket.ts';
import { giveOrder, type Order } from './controller-orders.ts';

export const gatewayId = 'self::gateway-1';

/** A port mapping for the film's video to the television, as a controller asks for it. */
export const filmMapping = (more: Readonly<Record<string, string>> = {}) => ({
  Alias: 'film',
  Enable: 'true',
  RemoteHost: '203.0.113.10',
  X_SLUICE_RemotePort: '7000',
  X_SLUICE_StreamType: 'rtp',
  Protocol: 'UDP',
  ExternalPort: '20000',
  InternalClient: '192.168.1.2',
  InternalPort: '5000',
  LeaseDuration: '60',
  ...more,
});

type WithoutGateway<O> = O extends unknown ? Omit<O, 'gatewayId'> : never;

/** A home of the lab whose gateway's agent is a process of its own, and a controller on its host. */
export interface HomeWithAgent extends AsyncDisposable {
  readonly network: BuiltNetwork;
  /** Starts the agent, and waits until its controller has it online. */
  startAgent(): Promise<HostProcess>;
  /** What the controller answers, as JSON. */
  order(order: WithoutGateway<Order>): Promise<string>;
  /** Asks the agent for the household; its answer's body. */
  household(...question: readonly ['GET' | 'POST' | 'DELETE', string]): Promise<unknown>;
  /** Runs `sluice gateway status`. */
  status(): Promise<string>;
  /** Sends an RTP packet from the media server to a port, the gateway's where no other address is named; the number goes with it. */
  sendRtp(port: number, number: number, address?: string): void;
  /** How many RTP packets came to the television since the last time; those on the way are waited for. */
  arrived(): Promise<number>;
}

const commandLine = join(import.meta.dirname, '../../cli/main.ts');

/** Lays the home out. `prefix` keeps several apart; `settings` are more of the agent's configuration. */
export async function homeWithAgent(
  prefix: string,
  signal: AbortSignal,
  settings: object = {},
): Promise<HomeWithAgent> {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await buildNetwork(homes(), prefix, signal));
  const directory = await mkdtemp(join(tmpdir(), 'sluice-agent-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const authority = await openAuthority(join(directory, 'authority'));
  const host = network.address('configuration', 4);
  for (const [place, endpointId, role, names] of [
    ['gateway', gatewayId, 'gateway', []],
    ['controller', 'self::configuration-1', 'configuration-server', [host]],
  ] as const)
    await writeIdentity(join(directory, place), await authority.issue({ endpointId, role, names: [...names] }));
  const socket = join(directory, 'controller.socket');
  const controlSocket = join(directory, 'gateway.socket');
  const config = join(directory, 'gateway.json');
  await writeFile(
    config,
    JSON.stringify({
      identity: join(directory, 'gateway'),
      interfaces: { wan: ['wan0'], lan: ['lan0'] },
      controllers: [{ endpointId: 'self::configuration-1', url: `wss://${host}:8445/usp` }],
      controlSocket,
      state: directory,
      // The controller of these tests speaks for no device.
      policy: { consent: 'off' },
      redial: { minimumWaitMs: 50, multiplier: 1_000 },
      ...settings,
    }),
  );
  stack.use(
    await startOnHost(
      {
        name: 'controller',
        namespace: network.namespace('configuration'),
        command: [
          process.execPath,
          join(import.meta.dirname, 'controller-on-host.ts'),
          join(directory, 'controller'),
          host,
          socket,
        ],
      },
      signal,
    ),
  );
  const agents: HostProcess[] = [];
  stack.defer(async () => {
    await Promise.all(agents.map((agent) => agent.stop()));
  });
  const sender = stack.use(new RawSender(network.namespace('media')));
  const eye = stack.use(new Sniffer(network.namespace('tv-1'), 'eth0'));
  const gate = stack.use(new Sniffer(network.namespace('gateway-1'), 'wan0'));
  let fences = 0;
  const order = (what: WithoutGateway<Order>) => giveOrder(socket, { gatewayId, ...what } as Order, signal);
  const owned = stack.move();
  return {
    network,
    async startAgent() {
      const agent = await startOnHost(
        {
          name: 'gateway',
          namespace: network.namespace('gateway-1'),
          command: [process.execPath, commandLine, 'gateway', 'run', '--config', config],
        },
        signal,
      );
      agents.push(agent);
      await order({ kind: 'online' });
      return agent;
    },
    order,
    async household(...question) {
      const answer = await askHousehold(controlSocket, ...question, signal);
      return answer.ok ? answer.body : answer.problem;
    },
    status: () => run([process.execPath, commandLine, 'gateway', 'status', '--socket', controlSocket], signal),
    sendRtp(port, number, address = network.address('gateway-1', 4, 'internet')) {
      sender.send({
        transport: 'udp',
        from: { address: network.address('media', 4), port: 7000 },
        to: { address, port },
        payload: rtpPayload('lab-rtp', { payloadType: 96, sequence: number }),
      });
    },
    async arrived() {
      // A packet that surely arrives, sent after those that perhaps do.
      const fence = `fence-${fences++}-`;
      const from = { address: network.address('media', 4), port: 9 };
      const to = { address: network.address('gateway-1', 4, 'internet'), port: 9 };
      sender.send({ transport: 'udp', from, to, payload: Buffer.from(fence) });
      await gate.waitFor(fence, 1, AbortSignal.timeout(5_000));
      gate.clear();
      const count = eye.count('lab-rtp');
      eye.clear();
      return count;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
