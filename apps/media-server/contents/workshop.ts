/** A file among one's own. */
export interface OwnFile {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  /** Changes when the file does. */
  readonly version: string;
}

/**
 * Makes media and keeps what it made, so that it is made once. Names are A-Z a-z 0-9 - . ; what is kept under a name is made
 * again when `version`, or the arguments, are others.
 */
export interface Workshop {
  /** Path of the file that ffmpeg makes with these arguments and the file's name as the last. */
  made(name: string, args: readonly string[], version?: string): Promise<string>;
  /** The file's media as ffmpeg packetises it, as `readPush` takes it. Video and audio, the first of each. */
  packetised(name: string, path: string, version: string): Promise<Uint8Array>;
  /** Path of a file with this content. */
  written(name: string, version: string, content: () => Iterable<Uint8Array>): Promise<string>;
  /** SHA-256 of a file, in hex. */
  digest(name: string, path: string, version: string): Promise<string>;
  read(path: string): Promise<Uint8Array>;
  /** Regular files directly in a directory whose names do not begin with a dot, in order of name. */
  list(directory: string): Promise<readonly OwnFile[]>;
}
