import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RefusalCode, refuse, type Traits } from '@sluice/model';
import { filmRequest, filmRequest6, type Home, openHome, patient } from './test/home.ts';
import { strongTraits } from './test/simulated-gateway.ts';

/** One thing that goes wrong between a request and its verdict, and the verdict it must come to. */
interface Adversity {
  readonly title: string;
  readonly verdict: 'granted' | RefusalCode;
  readonly traits?: Partial<Traits>;
  readonly agreement?: 'pick' | 'propose' | 'list-free';
  arrange(home: Home): void;
  /** The gateway cannot be reached after the verdict, so that what it may hold ends with the provisional lease only. */
  readonly outOfReach?: boolean;
}

const twist = (change: object, at = 0) => {
  let count = 0;
  return {
    kind: 'twist' as const,
    twist: <T>(opening: T): T => (count++ === at ? { ...opening, ...change } : opening),
  };
};

const adversities: readonly Adversity[] = [
  { title: 'nothing goes wrong', verdict: 'granted', arrange() {} },
  {
    title: 'the answer is lost',
    verdict: 'granted',
    arrange: ({ gateway }) => gateway.mishaps.push({ kind: 'answer-lost' }),
  },
  {
    title: 'the request is lost',
    verdict: 'gateway-silent',
    arrange: ({ gateway }) => gateway.mishaps.push({ kind: 'request-lost' }),
  },
  {
    title: 'the connection breaks after it was done, and is there again',
    verdict: 'granted',
    arrange: ({ gateway }) => gateway.mishaps.push({ kind: 'cut' }),
  },
  {
    title: 'the connection breaks after it was done, and stays away',
    verdict: 'gateway-silent',
    outOfReach: true,
    arrange: ({ gateway }) => gateway.mishaps.push({ kind: 'cut', offline: true }),
  },
  {
    title: 'the answer is lost and so is the look',
    verdict: 'gateway-silent',
    arrange({ gateway }) {
      gateway.mishaps.push({ kind: 'answer-lost' });
      gateway.blindness.push({ kind: 'answer-lost' });
    },
  },
  {
    title: 'the answer is lost, and the gateway tells nobody what it holds',
    verdict: 'gateway-silent',
    agreement: 'propose',
    arrange({ gateway }) {
      gateway.unreadable = true;
      gateway.mishaps.push({ kind: 'answer-lost' });
    },
  },
  {
    title: 'the answer is lost, the gateway tells nobody what it holds, and the first try to undo is lost',
    verdict: 'gateway-silent',
    agreement: 'propose',
    outOfReach: true,
    arrange({ gateway }) {
      gateway.unreadable = true;
      gateway.mishaps.push({ kind: 'answer-lost' }, { kind: 'request-lost' });
    },
  },
  {
    title: 'the answer is lost, the look too, and the first try to undo',
    verdict: 'gateway-silent',
    arrange({ gateway }) {
      gateway.mishaps.push({ kind: 'answer-lost' }, { kind: 'request-lost' });
      gateway.blindness.push({ kind: 'answer-lost' }, { kind: 'answer-lost' });
    },
  },
  {
    title: 'the gateway takes 3 s',
    verdict: 'granted',
    arrange: ({ gateway }) => gateway.mishaps.push({ kind: 'slow', ms: 3_000 }),
  },
  {
    title: 'the gateway takes 8 s, longer than is waited for',
    verdict: 'gateway-silent',
    outOfReach: true,
    arrange({ gateway }) {
      gateway.mishaps.push({ kind: 'slow', ms: 8_000 });
    },
  },
  {
    title: 'the gateway refuses',
    verdict: 'port-denied',
    arrange: ({ gateway }) =>
      gateway.mishaps.push({ kind: 'refuse', refusal: refuse('port-denied', 'port 5000 is denied here') }),
  },
  {
    title: 'the gateway is offline',
    verdict: 'gateway-offline',
    arrange({ gateway }) {
      gateway.online = false;
    },
  },
  {
    title: 'the gateway lets in another server than asked',
    verdict: 'gateway-refused',
    arrange: ({ gateway }) => gateway.mishaps.push(twist({ remote: { address: '203.0.113.66', port: 7000 } })),
  },
  {
    title: 'the gateway lets in any port of the server',
    verdict: 'gateway-refused',
    arrange: ({ gateway }) => gateway.mishaps.push(twist({ remote: { address: '203.0.113.10' } }, 4)),
  },
  {
    title: 'the gateway drops the stream type',
    verdict: 'gateway-refused',
    arrange: ({ gateway }) => gateway.mishaps.push(twist({ streamType: 'udp' }, 2)),
  },
  {
    title: 'the gateway points at itself',
    verdict: 'gateway-refused',
    arrange: ({ gateway }) => gateway.mishaps.push(twist({ local: { address: '192.168.1.1', port: 5000 } })),
  },
  {
    title: 'the gateway grants four of five and calls it done',
    verdict: 'gateway-refused',
    arrange({ gateway }) {
      let count = 0;
      gateway.mishaps.push({ kind: 'twist', twist: (opening) => (count++ === 3 ? undefined : opening) });
    },
  },
  {
    title: 'a type that is not atomic refuses the third opening',
    verdict: 'ports-exhausted',
    traits: { atomic: false },
    arrange: ({ gateway }) =>
      gateway.mishaps.push(undefined, undefined, {
        kind: 'refuse',
        refusal: refuse('ports-exhausted', 'no port left'),
      }),
  },
  {
    title: 'a type that is not atomic loses the answer to the third opening',
    verdict: 'gateway-silent',
    traits: { atomic: false },
    arrange: ({ gateway }) => gateway.mishaps.push(undefined, undefined, { kind: 'answer-lost' }),
  },
  {
    title: 'a type whose word is not enough holds less than it said',
    verdict: 'gateway-refused',
    traits: { ackMeansHeld: false },
    arrange({ gateway }) {
      gateway.mishaps.push({
        kind: 'twist',
        twist(opening) {
          queueMicrotask(() => gateway.lose(opening.id));
          return opening;
        },
      });
    },
  },
  {
    title: 'a type whose word is not enough holds what it said',
    verdict: 'granted',
    traits: { ackMeansHeld: false },
    arrange() {},
  },
  {
    title: 'proposed ports are taken, others are proposed',
    verdict: 'granted',
    agreement: 'propose',
    arrange({ gateway }) {
      for (let port = 16_384; port < 32_768; port += 6) gateway.portsOfOthers.add(port);
    },
  },
  {
    title: 'every proposed port is taken',
    verdict: 'port-in-use',
    agreement: 'propose',
    arrange({ gateway }) {
      for (let port = 1; port < 65_536; port++) gateway.portsOfOthers.add(port);
    },
  },
  {
    title: 'a port that was listed free is taken meanwhile',
    verdict: 'granted',
    agreement: 'list-free',
    arrange: ({ gateway }) =>
      gateway.mishaps.push({ kind: 'refuse', refusal: refuse('port-in-use', 'taken', 'whatever') }),
  },
];

for (const family of [4, 6] as const) {
  for (const { title, verdict, traits, agreement, arrange, outOfReach } of adversities) {
    // IPv6 has no ports to agree on.
    if (family === 6 && agreement) continue;
    test(`IPv${family}: ${title}: ${verdict}`, async () => {
      const request = family === 4 ? filmRequest('r1') : filmRequest6('r1');
      await using home = await openHome(
        { ...(agreement && { portAgreement: agreement }) },
        { ...strongTraits, ...traits },
      );
      const { control, gateway, clock, store } = home;
      arrange(home);
      const began = clock.now();
      const answers = await home.until(
        Promise.all([control.open(request, patient), control.open({ ...request }, patient)]),
      );
      const [answer] = answers;
      assert.equal(answer.kind === 'granted' ? 'granted' : answer.refusal.code, verdict);
      assert.ok(clock.now() - began <= 15_100, 'the verdict is bounded in time');
      assert.equal(answers[1].session?.sessionId, answer.session?.sessionId, 'one session for one request');

      // It is durable before it is said, and is the same whenever it is asked for.
      const id = answer.session?.sessionId ?? '';
      const stored = await store.session(id);
      assert.equal(stored?.refusal?.code, answer.kind === 'refused' ? verdict : undefined);
      const again = await home.until(control.open(request, patient));
      assert.equal(again.kind, answer.kind);
      assert.equal(again.session?.sessionId, id);

      if (answer.kind === 'granted') {
        assert.deepEqual(
          gateway.held.map((row) => row.id).sort(),
          [0, 1, 2, 3, 4].map((index) => `${id}-${index}`),
        );
        await clock.pass(300_000);
        assert.equal(gateway.held.length, 5, 'renewed while it is open');
        assert.equal((await control.session(id))?.state, 'open');
        return;
      }
      if (!outOfReach) {
        await clock.pass(2_500);
        assert.deepEqual(gateway.held, [], 'nothing stays');
      }
      await clock.pass(11_000);
      assert.deepEqual(gateway.held, [], 'nothing outlives the provisional lease');
      assert.equal((await control.session(id))?.state, 'refused');
    });
  }
}
