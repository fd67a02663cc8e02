import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { newKey, openAuthority } from '@sluice/identity';
import { openAudit, type VerifyWish } from './index.ts';
import { hashOf, lineOf } from './line.ts';
import { noteSession } from './test/day.ts';
import { inShort, type LogRig, logRig } from './test/log-rig.ts';

// What somebody does who owns the disk that the log is on.

let rig: LogRig;
let pristine: string;

before(async () => {
  rig = await logRig();
  const audit = await rig.open({ checkpointLines: 50, checkpointMs: 3_600_000 });
  for (let n = 0; n < 60; n++) noteSession(audit, n, rig.clock.now());
  await audit[Symbol.asyncDispose]();
  pristine = join(dirname(rig.directory), 'pristine');
  await cp(rig.directory, pristine, { recursive: true });
});
after(() => rig[Symbol.asyncDispose]());

async function afterwards(act: (file: string, head: string) => Promise<void>, wish: Partial<VerifyWish> = {}) {
  await rm(rig.directory, { recursive: true });
  await cp(pristine, rig.directory, { recursive: true });
  const [file = ''] = await rig.files();
  await act(file, join(rig.directory, 'head.jws'));
  return inShort(await rig.verify(wish));
}

/** Numbers and chains lines anew, as whoever knows the format can. */
function chained(lines: readonly string[]): string[] {
  let at = { seq: 0, hash: '0'.repeat(64) };
  return lines.map((line) => {
    const { seq: _, prev: _prev, ...rest } = JSON.parse(line);
    const written = lineOf(at, JSON.stringify(rest).slice(1, -1));
    at = { seq: at.seq + 1, hash: hashOf(written) };
    return written;
  });
}

const ofLog = 'self::configuration-1';
const logOf = ([first = '{}']: readonly string[]) => (JSON.parse(first) as { log?: string }).log;
const isCheckpoint = (line: string) => line.includes('"kind":"checkpoint"');

test('a line changed and the chain made anew after it: the next checkpoint tells', async () => {
  const found = await afterwards((file) =>
    rig.edit(file, (all) => chained(all.with(60, (all[60] ?? '').replace('self::tv', 'self::xx')))),
  );
  // Each checkpoint after it, and the head.
  assert.deepEqual(found, ['seal 104 line 104', 'seal 155 line 155', 'changed 186 line 186', 'seal 186 line 186']);
});

test('a line taken out and the chain made anew: the next checkpoint and the head tell', async () => {
  const found = await afterwards((file) => rig.edit(file, (all) => chained(all.toSpliced(120, 1))));
  assert.deepEqual(found, ['seal 154 line 154', 'seal 185 line 185', 'cut-off 186 line 185']);
});

test('the checkpoints taken out too: the head tells, and so many lines without one', async () => {
  const edit = (file: string) => rig.edit(file, (all) => chained(all.filter((line) => !isCheckpoint(line))));
  assert.deepEqual(await afterwards(edit), ['unsealed 2 line 2', 'unsealed 52 line 52', 'cut-off 182 line 181']);
});

test('the head taken away: nothing says how long the log must be, and that is told', async () => {
  assert.deepEqual(await afterwards((_, head) => rm(head)), ['end-unknown -']);
  const cut = async (file: string, head: string) => {
    await rm(head);
    await rig.edit(file, (all) => all.slice(0, 103));
  };
  assert.deepEqual(await afterwards(cut), ['end-unknown -']);
});

test('the whole log and its head made anew with the certificate of another part', async () => {
  const forge = async () => {
    await rm(rig.directory, { recursive: true });
    const identity = await rig.issue('self::portal-1');
    const log = { info() {}, error() {} };
    const audit = await openAudit({ directory: rig.directory }, { identity, clock: rig.clock, log });
    noteSession(audit, 1, rig.clock.now());
    await audit[Symbol.asyncDispose]();
  };
  const found = await afterwards(forge);
  assert.deepEqual(found, ['other-log 1 line 1', 'seal 2 line 2', 'seal 6 line 6', 'seal -']);
  assert.equal((await rig.verify()).signer, undefined);
  // Who does not say whose log it must be is told whose it is.
  const anybodys = await rig.verify({ of: undefined });
  assert.deepEqual([inShort(anybodys), anybodys.signer?.endpointId], [[], 'self::portal-1']);
  const [file = ''] = await rig.files();
  await rig.edit(file, (all) => chained(all.map((line) => line.replace('self::portal-1', 'self::configuration-1'))));
  assert.ok(inShort(await rig.verify({ of: undefined })).includes('seal 2 line 2'));
});

test('the whole log made anew with a certificate of an authority of their own', async () => {
  const forge = async () => {
    await rm(rig.directory, { recursive: true });
    const authority = await openAuthority(join(dirname(rig.directory), 'theirs'), () => rig.clock.now());
    const identity = await authority.issue({ endpointId: 'self::configuration-1', role: 'configuration-server' });
    const log = { info() {}, error() {} };
    const audit = await openAudit({ directory: rig.directory }, { identity, clock: rig.clock, log });
    await audit[Symbol.asyncDispose]();
    // Without an authority to hold it against, it is a log that fits together.
    assert.deepEqual(inShort(await rig.verify({ trust: () => undefined })), []);
  };
  assert.deepEqual((await afterwards(forge)).sort(), ['end-unknown -', 'seal -', 'seal 2 line 2', 'seal 3 line 3']);
});

test('the whole log made anew with a certificate that the authority seems to have issued', async () => {
  const forge = async () => {
    await rm(rig.directory, { recursive: true });
    const der = new X509Certificate(rig.identity.certPem).raw;
    // Issuer and key names are the authority's; what it signed was something else.
    der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
    const certPem = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
    const log = { info() {}, error() {} };
    const audit = await openAudit(
      { directory: rig.directory },
      { identity: { ...rig.identity, certPem }, clock: rig.clock, log },
    );
    await audit[Symbol.asyncDispose]();
  };
  assert.deepEqual((await afterwards(forge)).sort(), ['end-unknown -', 'seal -', 'seal 2 line 2', 'seal 3 line 3']);
});

test('checkpoints signed with a key that is not that of the certificate', async () => {
  const forge = async () => {
    await rm(rig.directory, { recursive: true });
    const identity = { ...rig.identity, keyPem: await newKey() };
    const log = { info() {}, error() {} };
    const audit = await openAudit({ directory: rig.directory }, { identity, clock: rig.clock, log });
    await audit[Symbol.asyncDispose]();
  };
  assert.deepEqual((await afterwards(forge)).sort(), ['end-unknown -', 'seal -', 'seal 2 line 2', 'seal 3 line 3']);
});

test('lines put after the end that the log itself signed', async () => {
  const put = (kinds: readonly string[]) => (file: string) =>
    rig.edit(file, (all) => {
      const made = kinds.map((kind) =>
        JSON.stringify({ at: '2030-01-01T00:00:00.000Z', kind, log: logOf(all), of: ofLog }),
      );
      // What was there stays as it was; only what is new is chained.
      return [...all, ...chained([...all, ...made]).slice(all.length)];
    });
  assert.deepEqual(await afterwards(put(['session-closed'])), ['unsealed 187 line 187']);
  assert.deepEqual(await afterwards(put(['log', 'session-closed'])), ['unsealed 188 line 188']);
  // As a crash may leave it, before anything is noted.
  assert.deepEqual(await afterwards(put(['log'])), []);
});

test('a checkpoint of the same log in the place of another', async () => {
  const found = await afterwards((file) =>
    rig.edit(file, (all) => {
      const [, first = '', second = ''] = all.filter(isCheckpoint);
      const sealed = /"sealed":"[^"]+"/.exec(first)?.[0] ?? '';
      return chained(all.map((line) => (line === second ? line.replace(/"sealed":"[^"]+"/, sealed) : line)));
    }),
  );
  assert.deepEqual(found, ['seal 104 line 104', 'seal 155 line 155', 'changed 186 line 186', 'seal 186 line 186']);
});

test('not stopped here: the log and its head put back to what they once were; a position noted elsewhere tells', async () => {
  const audit = await rig.open({ checkpointLines: 50 });
  noteSession(audit, 61, rig.clock.now());
  await audit[Symbol.asyncDispose]();
  const { seq, hash } = audit.state;
  const back = async () => {};
  assert.deepEqual(await afterwards(back), []);
  assert.deepEqual(await afterwards(back, { expect: [{ seq, hash }] }), ['cut-off 187 line 186']);
  const { last } = await rig.verify();
  assert.ok(last);
  assert.deepEqual(await afterwards(back, { expect: [last] }), []);
  assert.deepEqual(await afterwards(back, { expect: [{ ...last, hash: 'f'.repeat(64) }] }), ['changed 186 line 186']);
});

test('the end cut off while the part does not run: it goes on after what it had signed, and the gap stays', async () => {
  const found = await afterwards(async (file) => {
    await rig.edit(file, (all) => all.slice(0, -10));
    const audit = await rig.open();
    noteSession(audit, 70, rig.clock.now());
    await audit[Symbol.asyncDispose]();
  });
  assert.match(rig.errors.at(-1) ?? '', /the end of the audit log was taken away .*"missing":\[177,186\]/);
  assert.deepEqual(found, ['missing 177 line 1', 'cut-off 187 line 1']);
  await cp(rig.directory, pristine, { recursive: true });
});

test('the head taken away while the part does not run is told for ever', async () => {
  const found = await afterwards(async (_, head) => {
    await rm(head);
    const audit = await rig.open();
    await audit[Symbol.asyncDispose]();
  });
  assert.equal(found.length > 0 && found.some((each) => each.startsWith('end-unknown')), true, found.join());
});

/** The next letter of base64url: where it ends 64 bytes, only bits that count for nothing are others. */
function nextOf(letter = ''): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet[alphabet.indexOf(letter) + 1] ?? '';
}

test('a head file that is none, or of another log, is told', async () => {
  const head = await readFile(join(pristine, 'head.jws'), 'utf8');
  const other = await logRig();
  await using _ = other;
  const audit = await openAudit(
    { directory: other.directory },
    { identity: rig.identity, clock: rig.clock, log: { info() {}, error() {} } },
  );
  await audit[Symbol.asyncDispose]();
  const ofOther = await readFile(join(other.directory, 'head.jws'), 'utf8');
  const heads: Record<string, string> = {
    nothing: '',
    garbage: 'x'.repeat(100_000),
    'its signature changed': `${head.trim().slice(0, -2)}AA\n`,
    'another text for the same signature': `${head.trim().slice(0, -1)}${nextOf(head.trim().at(-1))}\n`,
    'of another log': ofOther,
  };
  for (const [what, text] of Object.entries(heads)) {
    const found = await afterwards((_file, path) => writeFile(path, text));
    assert.ok(found.includes('seal -'), `${what}: ${found}`);
  }
});
