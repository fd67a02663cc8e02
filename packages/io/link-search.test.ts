import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type LinkSearch, searchLink } from './link-search.ts';

/** Somebody on the link that answers each question so many times; the test's end ends him. */
async function somebody(t: { after(act: () => void): void }, times: (question: number) => number) {
  const socket = createSocket('udp4');
  let questions = 0;
  socket.on('message', (bytes, { port }) => {
    const count = times(++questions);
    for (let i = 0; i < count; i++) socket.send(`answer to ${bytes}`, port, '127.0.0.1');
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  const search: LinkSearch = {
    interface: 'lo',
    from: '127.0.0.1',
    questions: [{ to: { address: '127.0.0.1', port: socket.address().port }, bytes: Buffer.from('who') }],
    windowMs: 5_000,
    repeatMs: 4_000,
  };
  return search;
}

const patient = () => AbortSignal.timeout(4_500);

test('an answer is given as it comes, with who sent it', async (t) => {
  const search = await somebody(t, () => 1);
  for await (const { from, bytes } of searchLink(search, patient())) {
    assert.deepEqual([from, Buffer.from(bytes).toString()], ['127.0.0.1', 'answer to who']);
    return;
  }
  assert.fail('no answer');
});

test('what is not answered is asked once more', async (t) => {
  const search = await somebody(t, (question) => question - 1);
  for await (const _ of searchLink({ ...search, repeatMs: 1 }, patient())) return;
  assert.fail('no answer');
});

test('the window ends it, and so does the signal', async (t) => {
  const search = await somebody(t, () => 0);
  for await (const _ of searchLink({ ...search, windowMs: 1 }, patient())) assert.fail('an answer');
  const end = new AbortController();
  const done = (async () => {
    for await (const _ of searchLink(search, end.signal)) assert.fail('an answer');
  })();
  end.abort();
  await done;
  for await (const _ of searchLink(search, AbortSignal.abort())) assert.fail('an answer');
});

test('no more answers are kept than are taken in time, and an address that is not ours has none', async (t) => {
  const search = await somebody(t, () => 2_000);
  const answers = searchLink({ ...search, windowMs: 300 }, patient());
  await setTimeout(400);
  let kept = 0;
  for await (const _ of answers) kept++;
  assert.ok(kept > 0 && kept <= 256, `${kept} kept`);
  for await (const _ of searchLink({ ...search, from: '192.0.2.1' }, patient())) assert.fail('an answer');
});
