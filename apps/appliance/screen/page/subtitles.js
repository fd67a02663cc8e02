// Reads WebVTT that arrives piece by piece, and shows each cue at its time.

/** Cues of one stream over one media element, shown as text in `place`. */
export class Subtitles {
  #decoder = new TextDecoder();
  #rest = '';
  #cues = [];
  #media;
  #place;

  constructor(media, place) {
    this.#media = media;
    this.#place = place;
    media.addEventListener('timeupdate', () => this.#show());
  }

  /** Takes octets in base64. */
  push(base64) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const blocks = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split(/\r?\n\r?\n/);
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const cue = readCue(block);
      if (cue) this.#cues.push(cue);
    }
    this.#show();
  }

  #show() {
    const begins = this.#media.buffered.length > 0 ? 0 : undefined;
    const now = this.#media.currentTime;
    const cue = begins === undefined ? undefined : this.#cues.findLast(({ start, end }) => start <= now && now < end);
    this.#place.textContent = cue?.text ?? '';
  }
}

/** One WebVTT block; undefined where it is no cue. */
export function readCue(block) {
  const match = /(?:^|\n)((?:\d+:)?\d\d:\d\d\.\d{3})[ \t]+-->[ \t]+((?:\d+:)?\d\d:\d\d\.\d{3})[^\n]*\n([\s\S]+)/.exec(
    block,
  );
  if (!match) return undefined;
  const [, start, end, text] = match;
  return { start: seconds(start), end: seconds(end), text: text.replace(/<[^>]*>/g, '').trim() };
}

function seconds(time) {
  return time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}
