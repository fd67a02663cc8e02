/** Sound as a WAV file has it: 16 bit, one channel. */
export interface Sound {
  /** Samples a second. */
  readonly rate: number;
  readonly samples: Int16Array;
}

const headerLength = 44;

/** Reads a WAV file of 16 bit PCM and one channel; one that was not closed has what was written. Throws RangeError. */
export function readWav(bytes: Buffer): Sound {
  const text = (at: number) => bytes.toString('latin1', at, at + 4);
  if (bytes.length < 12 || text(0) !== 'RIFF' || text(8) !== 'WAVE') throw new RangeError('no WAV file');
  let rate = 0;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    const from = at + 8;
    if (text(at) === 'fmt ') {
      const [format, channels, bits] = [
        bytes.readUInt16LE(from),
        bytes.readUInt16LE(from + 2),
        bytes.readUInt16LE(from + 14),
      ];
      if (format !== 1 || channels !== 1 || bits !== 16) throw new RangeError('not 16 bit PCM of one channel');
      rate = bytes.readUInt32LE(from + 4);
    }
    if (text(at) === 'data') {
      const end = length === 0 ? bytes.length : Math.min(bytes.length, from + length);
      const samples = new Int16Array(Math.floor((end - from) / 2));
      for (let index = 0; index < samples.length; index++) samples[index] = bytes.readInt16LE(from + 2 * index);
      return { rate, samples };
    }
    at = from + length + (length % 2);
  }
  throw new RangeError('a WAV file without sound');
}

/** A WAV file of it. */
export function writeWav({ rate, samples }: Sound): Buffer {
  const bytes = Buffer.alloc(headerLength + 2 * samples.length);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(2 * rate, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(2 * samples.length, 40);
  for (const [index, sample] of samples.entries()) bytes.writeInt16LE(sample, headerLength + 2 * index);
  return bytes;
}
