// The player's page: asks for the content, plays what comes, and tells what happens.

import { feed } from './media-feed.js';
import { PathDiagram } from './path-diagram.js';
import { Subtitles } from './subtitles.js';

const setting = (name) => document.querySelector(`meta[name="sluice-${name}"]`).content;
const at = (id) => document.getElementById(id);
const contentId = setting('content');
const diagram = new PathDiagram(at('path'));
const ending = new AbortController();
const stepNames = new Map([
  ['request', 'Request sent'],
  ['gateway-configured', 'Gateway configured'],
  ['media-started', 'Media server started'],
  ['acknowledged', 'Acknowledged'],
  ['streaming', 'Streaming'],
  ['closed', 'Home closed again'],
]);
let showId;
let news;
let subtitles;
let kind = 'film';
let media;

at('title').textContent = contentId;
drawSteps(new Map());
at('start').addEventListener('click', () => (showId === undefined ? void start() : location.reload()));
at('again').addEventListener('click', () => {
  const told = at('gateway-type').value;
  if (at('tell').hidden || told === '') location.reload();
  else void askAgain(told);
});
at('leave').addEventListener('click', () => void leave());
at('sound').addEventListener('click', () => {
  at('sound').hidden = true;
  for (const id of ['video', 'audio']) at(id).muted = false;
  if (media?.paused) void media.play();
});
if (setting('autostart') === 'true') void start();
else at('start').hidden = false;

/** With the person's word on what the gateway speaks. */
async function askAgain(gatewayType) {
  news?.close();
  at('failure').hidden = true;
  ask([]);
  await start(gatewayType);
}

async function start(gatewayType) {
  at('start').hidden = true;
  enter('asking', 'Asking');
  const answer = await post('../shows', { contentId, ...(gatewayType && { gatewayType }) });
  const body = await answer.json();
  if (!answer.ok) return fail({ ...body, advice: 'Load the page again.' });
  showId = body.showId;
  at('leave').hidden = false;
  listen();
}

function listen() {
  const steps = new Map();
  news = new EventSource(`../shows/${showId}/news`);
  const on = (event, act) => news.addEventListener(event, (message) => act(JSON.parse(message.data)));
  on('content', prepare);
  on('step', ({ step, ms }) => {
    steps.set(step, ms);
    drawSteps(steps);
    if (step === 'streaming') enter('playing', 'Streaming');
  });
  on('opened', ({ streams }) => {
    diagram.open(streams);
    if (document.body.dataset.state === 'asking')
      at('waiting-text').textContent = 'The gateway is open; waiting for the first packet';
  });
  on('counters', ({ streams }) => {
    drawCounters(streams);
    diagram.count(streams);
    if (isFile(kind)) drawDownload(streams);
  });
  on('text', ({ text }) => subtitles?.push(text));
  on('file', () => void showFile());
  on('no-picture', ({ message }) =>
    fail({ code: 'no-picture', message, advice: 'The streams arrive, but cannot be shown.' }),
  );
  on('failed', fail);
  on('left', () => {
    news.close();
    diagram.close();
    at('leave').hidden = true;
    enter('left', 'The home is closed again');
    offerAgain();
  });
  news.addEventListener('error', () => {
    if (news.readyState === EventSource.CLOSED && document.body.dataset.state !== 'left') {
      enter('left', 'The screen has ended this');
      diagram.close();
    }
  });
}

/** What comes as one file, whatever it holds. */
function isFile(kind) {
  return kind !== 'film' && kind !== 'radio';
}

function prepare(content) {
  kind = content.kind;
  at('title').textContent = content.title;
  document.title = `${content.title} - Sluice`;
  diagram.lay(content.streams);
  if (isFile(kind)) {
    at('download').hidden = false;
    return;
  }
  media = at(kind === 'radio' ? 'audio' : 'video');
  if (kind === 'radio') {
    at('cover').src = `../posters/${encodeURIComponent(contentId)}`;
    at('radio').hidden = false;
  } else media.hidden = false;
  subtitles = new Subtitles(media, at('subtitle'));
  for (const event of ['playing', 'volumechange', 'refused']) {
    media.addEventListener(event, () => {
      at('sound').hidden = !media.muted;
      at('sound-words').textContent = media.paused ? 'Play' : 'Sound on';
    });
  }
  feed(media, `../shows/${showId}/media`, content.mime, ending.signal).catch((error) => {
    if (!ending.signal.aborted && document.body.dataset.state !== 'left') {
      fail({
        code: 'no-picture',
        message: error.message,
        advice: 'The streams arrive, but this browser cannot show them.',
      });
    }
  });
}

/** When what has arrived is played to its end. */
function offerAgain() {
  if (media && !media.paused && !media.ended) {
    media.addEventListener('ended', offerAgain, { once: true });
    return;
  }
  at('subtitle').textContent = '';
  at('sound').hidden = true;
  at('start').textContent = 'Play again';
  at('start').hidden = false;
}

async function leave() {
  at('leave').disabled = true;
  at('sound').hidden = true;
  enter('leaving', 'Closing the home');
  for (const id of ['video', 'audio']) at(id).pause();
  await post(`../shows/${showId}/leave`, {});
  ending.abort();
}

function fail({ code, message, advice, choices }) {
  enter('failed', 'Not now');
  at('failure-message').textContent = message;
  at('failure-advice').textContent = advice;
  at('failure-code').textContent = code;
  ask(choices ?? []);
  at('failure').hidden = false;
  at('leave').hidden = true;
  diagram.close();
}

/** The portal asks, once, for what nothing else tells: the person chooses from its list. */
function ask(choices) {
  const words = { igd: 'UPnP', pcp: 'PCP', 'nat-pmp': 'NAT-PMP', unknown: 'I do not know' };
  const options = choices.map((choice) => new Option(words[choice] ?? choice, choice));
  at('gateway-type').replaceChildren(...options);
  if (choices.includes('unknown')) at('gateway-type').value = 'unknown';
  at('tell').hidden = choices.length === 0;
}

function enter(state, words) {
  document.body.dataset.state = state;
  at('state').textContent = words;
}

function post(path, body) {
  const headers = { 'content-type': 'application/json', 'x-screen-token': setting('token') };
  return fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

function drawSteps(steps) {
  const known = [...steps].sort(([, a], [, b]) => a - b);
  const rows = [...known, ...[...stepNames.keys()].filter((step) => !steps.has(step)).map((step) => [step])];
  at('steps').replaceChildren(
    ...rows.map(([step, ms]) => {
      const row = document.createElement('li');
      row.className = ms === undefined ? '' : 'done';
      row.append(element('span', stepNames.get(step) ?? step), element('span', ms === undefined ? '' : time(ms), 'ms'));
      return row;
    }),
  );
}

function drawCounters(streams) {
  at('counters').replaceChildren(
    ...streams.map((stream) => {
      const { id, kind: type, packetsReceived, lost, bytesReceived, globalPort, localPort, protection } = stream;
      const row = document.createElement('tr');
      const name = element('th', id);
      name.scope = 'row';
      const how = protection === 'srtp' ? 'protected' : 'in the clear';
      name.append(element('span', `${globalPort} → ${localPort}, ${how}`, 'ports'));
      name.title = stream.clearBecause ?? '';
      row.append(
        name,
        element('td', type === 'tcp' ? '' : packetsReceived.toLocaleString('en')),
        element('td', lost === undefined ? '' : lost.toLocaleString('en'), lost > 0 ? 'bad' : ''),
        element('td', octets(bytesReceived)),
      );
      return row;
    }),
  );
}

function drawDownload(streams) {
  const [file] = streams;
  at('download-bytes').textContent = octets(file?.bytesReceived ?? 0);
  if (!file?.sha256) return;
  at('download-progress').max = 1;
  at('download-progress').value = 1;
  at('download-hash').textContent = `SHA-256 ${file.sha256}`;
}

/** A picture or a text, in place of how much of it has come. */
async function showFile() {
  const address = `../shows/${showId}/file`;
  if (kind === 'picture') {
    at('shown-picture').src = address;
    at('shown-picture').alt = at('title').textContent;
    at('shown-picture').hidden = false;
  } else {
    at('shown-text').textContent = await (await fetch(address)).text();
    at('shown-text').hidden = false;
  }
  at('download').hidden = true;
}

function element(name, words, style = '') {
  const made = document.createElement(name);
  made.textContent = words;
  if (style) made.className = style;
  return made;
}

function time(ms) {
  return ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

function octets(count) {
  if (count < 1000) return `${count} B`;
  return count < 1_000_000 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(2)} MB`;
}
