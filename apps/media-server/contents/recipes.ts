/** What ffmpeg is told so that it makes the contents that every media server has. Arguments without the output file. */

/** The film as it is made, in seconds; it is shown again and again for longer ones. */
export const filmSeconds = 8;
/** The radio's piece of music, in seconds. */
const radioSeconds = 12;

// The test picture's own clock, three times as large, so that it can be read from across a room.
const picture =
  'split[whole][part];[part]crop=104:40:0:0,scale=416:160:flags=neighbor[clock];[whole][clock]overlay=112:184';

// One H.264 slice type that every player knows, no pictures predicted from later ones, a key frame every second.
const h264 =
  '-c:v libx264 -profile:v baseline -preset veryfast -pix_fmt yuv420p -b:v 600k -maxrate 700k -bufsize 600k -g 25 -keyint_min 25 -sc_threshold 0';
// 48 kHz makes a frame of 1,024 samples end where eight seconds do.
const aac = '-c:a aac -b:a 96k -ac 1 -ar 48000';
const mp4 = '-bitexact -f mp4';

/** A moving test picture with a clock in large digits, and a tone with a beep every second. */
export function filmRecipe(): string[] {
  return [
    ...lavfi(`testsrc2=size=640x360:rate=25:duration=${filmSeconds},${picture}`),
    ...lavfi(`sine=frequency=220:beep_factor=4:sample_rate=48000:duration=${filmSeconds}`),
    ...`${h264} ${aac} ${mp4}`.split(' '),
  ];
}

/** A music box: four notes a second that walk through the scale in fourths. */
export function radioRecipe(): string[] {
  const note = '261.63*pow(2,mod(5*floor(4*t),12)/12)';
  const melody = `0.4*sin(2*PI*t*${note})*exp(-9*mod(t,0.25))*min(1,400*mod(t,0.25))`;
  return [...lavfi(`aevalsrc='${melody}':sample_rate=48000:duration=${radioSeconds}`), ...`${aac} ${mp4}`.split(' ')];
}

/** A picture of a film: what it shows at `seconds`. */
export function framePoster(path: string, seconds: number): string[] {
  return ['-ss', String(seconds), '-i', path, '-vf', 'scale=640:-2', ...jpeg];
}

/** A picture, smaller. */
export function picturePoster(path: string): string[] {
  return ['-i', path, '-vf', 'scale=640:-2', ...jpeg];
}

/** A picture of a sound: its waves. */
export function wavesPoster(path: string): string[] {
  return ['-i', path, '-filter_complex', 'showwavespic=size=640x360:colors=0x3b82f6', ...jpeg];
}

/** A picture for what has none. */
export function plainPoster(): string[] {
  return [...lavfi('mandelbrot=size=640x360:start_scale=0.9:start_x=-0.75:start_y=0'), ...jpeg];
}

const jpeg = ['-frames:v', '1', '-q:v', '4', '-pix_fmt', 'yuvj420p', '-f', 'mjpeg'];

function lavfi(graph: string): string[] {
  return ['-f', 'lavfi', '-i', graph];
}
