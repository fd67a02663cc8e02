import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import type { Family } from '@sluice/model';
import { type BuiltNetwork, buildNetwork } from '../../../lab/build.ts';
import { inNamespace } from '../../../lab/packets/index.ts';
import { homes } from '../../../lab/topologies/home.ts';
import type { RulesCheck } from '../index.ts';
import { Home, type Trial } from './home.ts';

/** Where the household forwards a port of its own to: the tablet. */
export const forwards = [
  { transport: 'tcp', port: 8080, to: { address: '192.168.1.3', port: 80 } },
  { transport: 'udp', port: 16_400, to: { address: '192.168.1.3', port: 53 } },
] as const;

/** A home whose gateway has a firewall of the household's already; what our rules are loaded beside. */
export async function guestHome(
  prefix: string,
  layFirewall: (network: BuiltNetwork) => Promise<AsyncDisposable>,
): Promise<AsyncDisposable & { readonly home: Home }> {
  await using stack = new AsyncDisposableStack();
  const network = await buildNetwork(homes(), prefix, AbortSignal.timeout(30_000));
  stack.defer(() => network[Symbol.asyncDispose]());
  stack.use(await layFirewall(network));
  const home = stack.use(new Home(network, true));
  await home.meetNeighbours();
  const owned = stack.move();
  return { home, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** What of the home's ordinary traffic passes, out of three packets each, and where forwarded ports lead. */
export async function ordinaryTraffic(home: Home): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {};
  for (const family of [4, 6] satisfies Family[]) {
    const { remote, global, local, stranger } = home.path(family);
    for (const transport of ['udp', 'tcp'] as const) {
      const out = await home.passing({ by: 'tv-1', transport, from: { ...local, port: local.port + 500 }, to: remote });
      seen[`${transport}${family} out`] = out.length;
      const [left] = out;
      if (transport === 'udp' && left && 'port' in left.from)
        seen[`${transport}${family} answer`] = await home.passed({ by: 'media', from: remote, to: left.from });
    }
    const unasked: Trial = { by: 'media', from: remote, to: global };
    seen[`unasked${family}`] = await home.passed(unasked);
    seen[`stranger${family}`] = await home.passed({
      ...unasked,
      by: 'stranger',
      from: { ...remote, address: stranger },
    });
  }
  for (const { transport, port } of forwards) {
    const { global, stranger } = home.path(4);
    const from = { address: stranger, port: 4000 + home.path(4).remote.port };
    const arrived = await home.passing({ by: 'stranger', transport, from, to: { ...global, port } });
    seen[`forwarded ${transport} ${port}`] = arrived.map(({ to }) => to);
  }
  return seen;
}

/** What it must be. */
export const asTheHouseholdSays: Record<string, unknown> = {
  ...Object.fromEntries(
    [4, 6].flatMap((family) => [
      [`udp${family} out`, 3],
      [`udp${family} answer`, 3],
      [`tcp${family} out`, 3],
      [`unasked${family}`, 0],
      [`stranger${family}`, 0],
    ]),
  ),
  ...Object.fromEntries(forwards.map(({ transport, port, to }) => [`forwarded ${transport} ${port}`, [to, to, to]])),
};

/** Openings of both IP versions, whoever speaks first: what is theirs passes and no more, and nothing when they are gone. */
export async function openingsHold(home: Home): Promise<void> {
  for (const family of [4, 6] satisfies Family[])
    for (const first of ['server', 'appliance'] as const) {
      const path = home.path(family);
      const { remote, global, local, stranger, otherServer } = path;
      const opening = path.opening('rtp', { payloadType: 96 });
      const inward: Trial = { by: 'media', from: remote, to: global, content: 'rtp' };
      const outward: Trial = { by: 'tv-1', from: local, to: remote, content: 'rtcp' };
      const told = `IPv${family}, ${first} first`;
      const wrong: Trial[] = [
        { ...inward, content: 'noise' },
        { ...inward, content: 'rtp-97' },
        { ...inward, from: { address: otherServer, port: remote.port } },
        { ...inward, by: 'stranger', from: { address: stranger, port: remote.port } },
        { ...inward, from: { ...remote, port: remote.port + 1 } },
        { ...inward, to: { ...global, port: global.port + 1 } },
      ];
      home.open(opening);
      for (const trial of first === 'server' ? [inward, outward] : [outward, inward])
        assert.equal(await home.passed(trial), 3, `${told}: ${JSON.stringify(trial)}`);
      for (const trial of wrong) assert.equal(await home.passed(trial), 0, `${told}: ${JSON.stringify(trial)}`);
      assert.deepEqual(
        (await home.passing(outward)).map(({ from }) => from),
        [global, global, global],
      );
      home.close(opening);
      for (const trial of [inward, outward]) assert.equal(await home.passed(trial), 0, `${told}, revoked`);

      home.open(opening, 400);
      assert.equal(await home.passed(inward), 3);
      await setTimeout(450);
      assert.equal(await home.passed(inward), 0, `${told}, lease over`);
    }
}

/** Looks after the rules as an agent does, from now on; what each look came to. */
export function keepsWatch(home: Home): Disposable & { readonly looks: RulesCheck[] } {
  const looks: RulesCheck[] = [];
  const gateway = home.network.namespace('gateway-1');
  const look = () => void inNamespace(gateway, () => looks.push(home.plane.check()));
  const watching = inNamespace(gateway, () => home.plane.watch(look));
  return { looks, [Symbol.dispose]: () => watching[Symbol.dispose]() };
}

/** Waits until packets of an opening pass again. */
export async function passesAgain(home: Home, trial: Trial, signal: AbortSignal): Promise<void> {
  while ((await home.passed(trial, 1)) === 0) await setTimeout(10, undefined, { signal });
}
