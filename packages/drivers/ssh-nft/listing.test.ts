import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readAddresses } from './addresses.ts';
import { ListingMalformed, readListing } from './listing.ts';

// As nft 1.0.6 writes it.
const listed = `table inet sluice {
	map in4_sap {
		type inet_proto . ipv4_addr . inet_service . ipv4_addr . inet_service : mark
		flags timeout
		elements = { udp . 203.0.113.10 . 7000 . 203.0.113.1 . 20000 timeout 1m expires 58s756ms comment "sluice-ssh:s1-0" : 0x12345678,
			     tcp . 203.0.113.10 . 7004 . 203.0.113.1 . 20004 timeout 1h2m3s expires 1h2m1s988ms comment "a, b } c" : 0x00000002 }
	}
}
table inet sluice {
	map live {
		type mark : mark
		flags timeout
	}
}
table inet sluice {
	set counted {
		type mark
		flags timeout
		counter
		elements = { 0x12345678 counter packets 3 bytes 3600 timeout 14d expires 13d23h59m58s }
	}
}
`;

test('a listing of nft is read: keys, data, comments with whatever in them, times, counters', () => {
  const sets = readListing(listed);
  assert.deepEqual([...sets.keys()], ['in4_sap', 'live', 'counted']);
  assert.deepEqual(sets.get('in4_sap'), [
    {
      key: ['udp', '203.0.113.10', '7000', '203.0.113.1', '20000'],
      data: ['0x12345678'],
      comment: 'sluice-ssh:s1-0',
      expiresMs: 58_756,
    },
    {
      key: ['tcp', '203.0.113.10', '7004', '203.0.113.1', '20004'],
      data: ['0x00000002'],
      comment: 'a, b } c',
      expiresMs: 3_721_988,
    },
  ]);
  assert.deepEqual(sets.get('live'), []);
  const [counter] = sets.get('counted') ?? [];
  assert.deepEqual([counter?.packets, counter?.bytes, counter?.expiresMs], [3, 3_600, 1_209_598_000]);
});

test('what is no listing is refused, whatever it is', () => {
  const near = fc
    .tuple(fc.nat(listed.length), fc.nat(20), fc.string({ maxLength: 12 }))
    .map(([at, cut, more]) => listed.slice(0, at) + more + listed.slice(at + cut));
  fc.assert(
    fc.property(fc.oneof(near, fc.string()), (text) => {
      try {
        for (const elements of readListing(text).values())
          for (const { key, packets = 0 } of elements) assert.ok(key.length > 0 && packets >= 0);
      } catch (error) {
        assert.ok(error instanceof ListingMalformed, String(error));
      }
    }),
  );
});

test('addresses are those of the named interfaces, without those that are not for others', () => {
  const text = `1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: wan0    inet 203.0.113.1/24 brd 203.0.113.255 scope global wan0\\       valid_lft forever preferred_lft forever
2: wan0    inet6 2001:db8:1::1/64 scope global deprecated \\       valid_lft 60sec preferred_lft 0sec
3: lan0    inet 192.168.1.1/24 scope global lan0\\       valid_lft forever preferred_lft forever
3: lan0    inet6 fe80::1/64 scope link \\       valid_lft forever preferred_lft forever
4: docker0    inet 172.17.0.1/16 scope global docker0\\       valid_lft forever preferred_lft forever
nonsense`;
  assert.deepEqual(readAddresses(text, { wan: ['wan0'], lan: ['lan0'] }), {
    global: ['203.0.113.1'],
    own: ['192.168.1.1'],
    local: [{ address: '192.168.1.1', length: 24 }],
  });
});
