import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { askNewSecret, askSecret, askSecrets } from './ask-secret.ts';

function terminal(isTTY: boolean) {
  const input = Object.assign(new PassThrough(), { isTTY, setRawMode: () => input });
  let shown = '';
  const output = new PassThrough().setEncoding('utf8').on('data', (more) => {
    shown += more;
  });
  return { input, output, shown: () => shown };
}

test('from a pipe it is the first line', async () => {
  const pipe = terminal(false);
  pipe.input.end('correct horse\nbattery\n');
  assert.equal(await askNewSecret('password', pipe), 'correct horse');
  const empty = terminal(false);
  empty.input.end('');
  await assert.rejects(askSecret('password', empty), /no password was given/);
});

test('several are the lines of it', async () => {
  const pipe = terminal(false);
  pipe.input.end('one\ntwo\n');
  assert.deepEqual(await askSecrets(['a', 'b'], pipe), ['one', 'two']);
  const short = terminal(false);
  short.input.end('one\n');
  await assert.rejects(askSecrets(['a', 'b'], short), /no b was given/);
});

test('on a terminal it is asked for, and not shown', async () => {
  const desk = terminal(true);
  const asked = askNewSecret('password', desk);
  desk.input.write('correct horse\r');
  await new Promise((resolve) => setImmediate(resolve));
  desk.input.write('correct horse\r');
  assert.equal(await asked, 'correct horse');
  assert.equal(desk.shown(), 'password: \npassword again: \n');
});

test('two that differ are none', async () => {
  const desk = terminal(true);
  const asked = askNewSecret('password', desk);
  desk.input.write('correct horse\r');
  await new Promise((resolve) => setImmediate(resolve));
  desk.input.write('correct house\r');
  await assert.rejects(asked, /not the same/);
});
