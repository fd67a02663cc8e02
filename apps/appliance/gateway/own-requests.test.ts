import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Opening } from '@sluice/model';
import { OwnRequests } from './own-requests.ts';

const asked: Opening = {
  id: 's1-0',
  streamType: 'rtp',
  remote: { address: '203.0.113.10', port: 7000 },
  local: { address: '192.168.1.2', port: 5000 },
  until: 1_000,
};
const stream = { transport: 'udp', port: 5000, remote: { address: '203.0.113.10', port: 7000 } } as const;

test('only what this device asked for is opened, to itself, for who sends it', () => {
  const requests = new OwnRequests(() => new Set(['192.168.1.2', '2001:db8:100::2']));
  using _pending = requests.ask([stream]);
  const cases: [string, Partial<Opening>, RegExp | undefined][] = [
    ['as asked', {}, undefined],
    ['RTP is UDP, and so is anything', { streamType: 'udp' }, undefined],
    ['another device', { local: { address: '192.168.1.3', port: 5000 } }, /192\.168\.1\.3, not to this device/],
    ['a device to be found', { local: { port: 5000 } }, /no address/],
    ['another port', { local: { address: '192.168.1.2', port: 22 } }, /udp port 22/],
    ['the other transport', { streamType: 'tcp' }, /tcp port 5000/],
    ['another server', { remote: { address: '203.0.113.66', port: 7000 } }, /203\.0\.113\.66/],
    ['any port of the server', { remote: { address: '203.0.113.10' } }, /port any/],
  ];
  for (const [title, change, why] of cases) {
    const refusal = requests.judge({ ...asked, ...change });
    assert.equal(refusal?.code, why && 'not-asked-for', title);
    assert.match(refusal?.message ?? '', why ?? /^$/, title);
  }
});

test('what is over is asked for no more, and what another still asks for is', () => {
  const requests = new OwnRequests(() => new Set(['192.168.1.2']));
  const first = requests.ask([stream]);
  const second = requests.ask([stream]);
  first[Symbol.dispose]();
  assert.equal(requests.judge(asked), undefined);
  second[Symbol.dispose]();
  assert.equal(requests.judge(asked)?.code, 'not-asked-for');
});
