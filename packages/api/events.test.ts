import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventText, heartbeat, NoEvents, readEvents } from './events.ts';

async function read(chunks: readonly string[], longest = 100): Promise<unknown[]> {
  async function* bytes() {
    for (const chunk of chunks) yield Buffer.from(chunk, 'latin1');
  }
  const events: unknown[] = [];
  for await (const event of readEvents(bytes(), longest)) events.push(event);
  return events;
}

test('events come out as they were written, wherever the bytes are cut', async () => {
  const events = [{ a: 1 }, { b: 'zwei' }, { c: [null] }];
  const text = `${heartbeat}${events.map(eventText).join(heartbeat)}`;
  for (let at = 0; at <= text.length; at++)
    assert.deepEqual(await read([text.slice(0, at), text.slice(at)]), events, `cut at ${at}`);
});

test('a character of several octets may be cut', async () => {
  const text = Buffer.from(eventText({ word: 'Schleuse — λ' })).toString('latin1');
  for (let at = 0; at <= text.length; at++)
    assert.deepEqual(await read([text.slice(0, at), text.slice(at)]), [{ word: 'Schleuse — λ' }]);
});

test('what is too long or no JSON ends the reading', async () => {
  await assert.rejects(read([`data: "${'x'.repeat(200)}`]), NoEvents);
  await assert.rejects(read([`data: "${'x'.repeat(200)}"\n\n`]), NoEvents);
  await assert.rejects(read(['data: {\n\n']), NoEvents);
});
