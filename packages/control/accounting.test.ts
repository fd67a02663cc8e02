import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuse } from '@sluice/model';
import { filmRequest, openHome, patient } from './test/home.ts';

type Told = Awaited<ReturnType<typeof openHome>>['told'];

const events = (told: Told) =>
  told.map((happening) =>
    'session' in happening
      ? `${happening.event}: ${happening.session.state}`
      : `${happening.event}: ${happening.refusal.code}`,
  );

test('a session is told of when it is asked for, opened, closed, and gone, each once', async () => {
  await using home = await openHome();
  const request = filmRequest('r-1');
  const verdict = await home.until(home.control.open(request, patient));
  assert.equal(verdict.kind, 'granted');
  await home.until(home.control.open(request, patient));
  await home.clock.pass(300_000);
  const sessionId = verdict.session?.sessionId ?? '';
  await home.until(home.control.close(sessionId, 'appliance-left', patient));
  await home.until(home.control.close(sessionId, 'revoked', patient));
  assert.deepEqual(events(home.told), ['asked: opening', 'granted: open', 'closed-by: closing', 'undone: closed']);
  const last = home.told.at(-1);
  assert.ok(last && 'session' in last);
  assert.equal(last.session.closeReason, 'appliance-left');
  assert.equal(last.session.openings.length, 5);
});

test('a refusal is told of once, with a session or without one', async () => {
  await using home = await openHome();
  home.gateway.mishaps.push({ kind: 'refuse', refusal: refuse('consent-missing', 'nobody asked') });
  await home.until(home.control.open(filmRequest('r-1'), patient));
  await home.until(home.control.open(filmRequest('r-1'), patient));
  await home.until(home.control.open(filmRequest('r-2', { applianceId: 'self::nobody' }), patient));
  assert.deepEqual(events(home.told), ['asked: opening', 'refused: refused', 'turned-away: appliance-unknown']);
});

test('what a gateway may hold of a refused session is told of when it is gone', async () => {
  await using home = await openHome();
  home.gateway.mishaps.push({ kind: 'cut', offline: true });
  await home.until(home.control.open(filmRequest('r-1'), patient));
  assert.deepEqual(events(home.told), ['asked: opening', 'doubted: closing']);
  await home.clock.pass(60_000);
  await home.until(Promise.resolve());
  assert.deepEqual(events(home.told).slice(2), ['undone: refused']);
});

test('the end of a session is told of by the life of the server that sees it', async () => {
  await using home = await openHome();
  await home.until(home.control.open(filmRequest('r-1'), patient));
  await home.crash();
  home.gateway.online = false;
  home.gateway.disconnect();
  await home.clock.pass(600_000);
  await home.until(Promise.resolve());
  assert.deepEqual(events(home.told).slice(2), ['closed-by: closing', 'undone: closed']);
});
