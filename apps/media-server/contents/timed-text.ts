/** Text that is sent piece by piece: subtitles, each a while before they are shown. In order of time. */
export type TimedText = readonly { readonly dueMs: number; readonly text: string }[];

/** Longest WebVTT file that is read, in characters, and most cues in it. */
const longestText = 4 * 1024 * 1024;
const mostCues = 20_000;
/** So long before it is shown a cue is sent. */
const leadMs = 1_000;

/** WebVTT for a film that says which second it is at, every other second. */
export function countingSubtitles(title: string, durationSeconds: number): string {
  const cues = [`WEBVTT - ${title}\n`];
  for (let second = 0; second < durationSeconds; second += 2) {
    const end = Math.min(second + 2, durationSeconds);
    cues.push(`${cues.length}\n${cueTime(second)} --> ${cueTime(end)}\n${title}, second ${second}\n`);
  }
  return cues.join('\n');
}

/** Takes WebVTT (W3C) apart into its header and blocks, each due a second before it is shown. Undefined if it is none. */
export function timedTextOf(webVtt: string): TimedText | undefined {
  if (webVtt.length > longestText || !/^\uFEFF?WEBVTT(?:[ \t\r\n]|$)/.test(webVtt)) return undefined;
  const blocks = webVtt.replace(/\r\n?/g, '\n').split(/\n{2,}/);
  if (blocks.length > mostCues) return undefined;
  let dueMs = 0;
  return blocks
    .filter((block) => block.trim() !== '')
    .map((block) => {
      // Styles and notes have no time: they go with the cue before them.
      const start = /(?:^|\n)(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})[ \t]+-->/.exec(block);
      if (start) {
        const [, hours = '0', minutes, seconds, thousandths] = start;
        const shownMs = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(thousandths);
        dueMs = Math.max(dueMs, shownMs - leadMs);
      }
      return { dueMs, text: `${block.trimEnd()}\n\n` };
    });
}

function cueTime(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const thousandths = Math.round((seconds - whole) * 1000);
  return `${parts.map((part) => String(part).padStart(2, '0')).join(':')}.${String(thousandths).padStart(3, '0')}`;
}
