// Plays fragmented MP4 as it arrives.

/** Plays when so much is there, s: below it the least jitter would be heard. */
const startSeconds = 0.4;
/** What was played is forgotten after this, s. */
const keptSeconds = 30;

/** Feeds `element` from `url` until it ends. Resolves then; rejects when the browser cannot play it. */
export async function feed(element, url, mime, signal) {
  if (!('MediaSource' in window) || !MediaSource.isTypeSupported(mime)) {
    throw new Error(`this browser does not play ${mime}`);
  }
  const source = new MediaSource();
  const opened = once(source, 'sourceopen');
  element.src = URL.createObjectURL(source);
  await opened;
  URL.revokeObjectURL(element.src);
  const buffer = source.addSourceBuffer(mime);
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error((await response.json()).message);
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    await append(buffer, value, element);
    startWhenReady(element, startSeconds);
  }
  if (source.readyState === 'open') source.endOfStream();
  startWhenReady(element, 0);
}

async function append(buffer, bytes, element) {
  const done = once(buffer, 'updateend');
  buffer.appendBuffer(bytes);
  await done;
  const old = element.currentTime - keptSeconds;
  if (buffer.buffered.length > 0 && buffer.buffered.start(0) < old - keptSeconds) {
    const forgotten = once(buffer, 'updateend');
    buffer.remove(0, old);
    await forgotten;
  }
}

function startWhenReady(element, seconds) {
  if (!element.paused || element.dataset.started || element.buffered.length === 0) return;
  const start = element.buffered.start(0);
  if (element.buffered.end(0) - start < seconds) return;
  element.dataset.started = 'true';
  if (element.currentTime < start) element.currentTime = start;
  void play(element);
}

/** With sound where the browser lets it; muted where it wants a gesture first. */
async function play(element) {
  for (const muted of [false, true]) {
    element.muted = muted;
    try {
      return await element.play();
    } catch {
      // The next way.
    }
  }
  element.dispatchEvent(new Event('refused'));
}

function once(target, name) {
  return new Promise((resolve, reject) => {
    target.addEventListener(name, resolve, { once: true });
    target.addEventListener('error', () => reject(new Error('the browser cannot play what arrives')), { once: true });
  });
}
