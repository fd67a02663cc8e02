import { type Driver, Unreachable } from '@sluice/driver';
import { silentLog, VirtualClock } from '@sluice/io';
import type { ContentRequest, ContentSession, IpAddress, RequestedStream, Traits } from '@sluice/model';
import { inMemoryStore } from '@sluice/store';
import { type Control, type ControlSettings, type Happening, openControl, type Probe, type Store } from '../index.ts';
import { SimulatedGateway, simulatedDriver } from './simulated-gateway.ts';

/** A signal that nobody ends. */
export const patient = new AbortController().signal;

/** The film: two RTP pairs and subtitles. */
export function filmStreams(server: IpAddress = '203.0.113.10'): readonly RequestedStream[] {
  const from = (port: number) => ({ address: server, port });
  return [
    { id: 'video', streamType: 'rtp', remote: from(7000), payloadType: 96, localPort: 5000 },
    { id: 'video-rtcp', streamType: 'rtcp', remote: from(7001), pairedWith: 'video', localPort: 5001 },
    { id: 'audio', streamType: 'rtp', remote: from(7002), payloadType: 97, localPort: 5002 },
    { id: 'audio-rtcp', streamType: 'rtcp', remote: from(7003), pairedWith: 'audio', localPort: 5003 },
    { id: 'subtitles', streamType: 'tcp', remote: from(7004), localPort: 5004 },
  ];
}

/** A request for the film from the television at home. */
export function filmRequest(requestId: string, parts: Partial<ContentRequest> = {}): ContentRequest {
  return {
    requestId,
    applianceId: 'self::tv-1',
    contentId: 'film',
    portalId: 'self::portal-1',
    flow: {
      portal: { address: '203.0.113.20', port: 8443 },
      observed: { address: '203.0.113.1', port: 40_000 },
    },
    localAddresses: ['192.168.1.2'],
    streams: filmStreams(),
    ...parts,
  };
}

/** The same over IPv6. */
export function filmRequest6(requestId: string): ContentRequest {
  return filmRequest(requestId, {
    flow: {
      portal: { address: '2001:db8:1::20', port: 8443 },
      observed: { address: '2001:db8:100::2', port: 40_000 },
    },
    streams: filmStreams('2001:db8:1::10'),
  });
}

/** One home with its gateway, and its television registered. */
export interface Home extends World {
  readonly gateway: SimulatedGateway;
}

/** A configuration server's behaviour, gateways of one or more homes, and a clock that the test moves. */
export interface World extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly store: Store;
  readonly control: Control;
  /** What control told to be accounted for, in order. */
  readonly told: Happening[];
  /** Lets time pass until `work` is done, at most two minutes. */
  until<T>(work: Promise<T>): Promise<T>;
  /** The configuration server stops and starts again on the same store. */
  restart(): Promise<void>;
  /** The configuration server is killed, with what it had not written yet, and started again on the same store. */
  crash(): Promise<void>;
}

/** Opens a {@link Home} with its television registered. */
export async function openHome(settings: Partial<ControlSettings> = {}, traits?: Traits, probe?: Probe): Promise<Home> {
  const clock = new VirtualClock();
  const gateway = new SimulatedGateway(clock, traits);
  const world = await openWorld(clock, [gateway], settings, probe);
  await world.control.registrations.putAppliance({ applianceId: 'self::tv-1', gatewayId: gateway.gateway.gatewayId });
  return Object.defineProperty(world, 'gateway', { value: gateway }) as Home;
}

/** Opens a {@link World} with its gateways registered, in their order. */
export async function openWorld(
  clock: VirtualClock,
  gateways: readonly SimulatedGateway[],
  settings: Partial<ControlSettings> = {},
  probe?: Probe,
): Promise<World> {
  const store = inMemoryStore();
  let life = { dead: false };
  // One row for all the server's lives: a new one that drew the same again would give two sessions one id.
  const random = drawn();
  const told: Happening[] = [];
  const start = () => {
    life = { dead: false };
    const ports = { store: mortalStore(store, life), drivers: [mortalDriver(simulatedDriver(gateways), life)] };
    const tell = (happening: Happening) => void (life.dead || told.push(happening));
    return openControl({ random, ...ports, ...(probe && { probe }), clock, log: silentLog, tell }, settings);
  };
  let control = await start();
  for (const { gateway } of gateways) await control.registrations.putGateway(gateway);
  return {
    clock,
    store,
    told,
    get control() {
      return control;
    },
    until: (work) => passUntil(clock, work),
    async restart() {
      await passUntil(clock, Promise.resolve(control[Symbol.asyncDispose]()));
      control = await start();
    },
    async crash() {
      life.dead = true;
      for (const gateway of gateways) gateway.disconnect();
      await passUntil(clock, Promise.resolve(control[Symbol.asyncDispose]()));
      control = await start();
    },
    async [Symbol.asyncDispose]() {
      await control[Symbol.asyncDispose]();
    },
  };
}

/** A store that a dead process writes nothing to. */
function mortalStore(store: Store, life: { readonly dead: boolean }): Store {
  return new Proxy(store, {
    get(target, name) {
      const member = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      if (name !== 'putSession') return member.bind(target);
      return (session: ContentSession) =>
        life.dead ? Promise.reject(new Error('killed')) : target.putSession(session);
    },
  });
}

/** A driver that a dead process speaks through no more. */
function mortalDriver<Step>(driver: Driver<Step>, life: { readonly dead: boolean }): Driver<Step> {
  return {
    ...driver,
    async connect(gateway, signal) {
      if (life.dead) throw new Unreachable('killed');
      return driver.connect(gateway, signal);
    },
  };
}

async function passUntil<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let done = false;
  const end = () => {
    done = true;
  };
  work.then(end, end);
  for (let i = 0; i < 1_200 && !done; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!done) await clock.pass(100);
  }
  if (!done) throw new Error('not done after two minutes');
  return work;
}

/** The same row of numbers each time: how often a port drawn is a taken one does not depend on luck. */
function drawn(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
