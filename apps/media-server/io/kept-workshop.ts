import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import type { OwnFile, Workshop } from '../contents/workshop.ts';
import { runFfmpeg } from './ffmpeg.ts';
import { openRtspReceiver } from './rtsp-receiver.ts';

/**
 * RTP packets of at most this many octets: with IPv6 and UDP headers, and a tunnel or two, they still fit 1,280 octets
 * (RFC 8200 5), so no packet is ever fragmented.
 */
const packetOctets = 1_200;

/** A workshop that keeps what it makes in `directory`. `largestBytes` bounds what is packetised. */
export function keptWorkshop(directory: string, largestBytes: number, signal: AbortSignal): Workshop {
  /** A draft is renamed when it is whole: what is there is never half made. */
  async function kept(name: string, version: string, make: (draft: string) => Promise<void>): Promise<string> {
    const key = createHash('sha256').update(version).digest('hex').slice(0, 12);
    const extension = extname(name);
    const path = join(directory, `${name.slice(0, name.length - extension.length)}-${key}${extension}`);
    if (await exists(path)) return path;
    await mkdir(directory, { recursive: true });
    const draft = `${path}.${process.pid}.draft`;
    try {
      await make(draft);
      await rename(draft, path);
    } finally {
      await rm(draft, { force: true });
    }
    return path;
  }

  return {
    made: (name, args, version = '') =>
      kept(name, [...args, version].join('\0'), (draft) => runFfmpeg([...args, draft], signal)),

    async packetised(name, path, version) {
      const { size } = await stat(path);
      if (size > largestBytes) throw new Error(`${path} is larger than ${Math.round(largestBytes / 1e6)} MB`);
      const file = await kept(`${name}.rtsp`, version, async (draft) => {
        await writeFile(draft, await packetise(name, path, largestBytes * 2, signal));
      });
      return readFile(file);
    },

    written: (name, version, content) => kept(name, version, (draft) => writeFile(draft, content())),

    async digest(name, path, version) {
      const file = await kept(`${name}.sha256`, version, async (draft) => {
        const hash = createHash('sha256');
        for await (const chunk of createReadStream(path, { signal })) hash.update(chunk as Buffer);
        await writeFile(draft, hash.digest('hex'));
      });
      return readFile(file, 'utf8');
    },

    read: (path) => readFile(path),

    async list(own) {
      const files: OwnFile[] = [];
      for (const name of (await readdir(own)).sort()) {
        const path = resolve(own, name);
        const found = await stat(path);
        if (!found.isFile() || name.startsWith('.')) continue;
        files.push({ path, name, bytes: found.size, version: `${path}\0${found.size}\0${found.mtimeMs}` });
      }
      return files;
    },
  };
}

/** Lets ffmpeg push the file to a receiver of ours: it knows every payload format, so we need to know none. */
async function packetise(name: string, path: string, mostBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  await using receiver = await openRtspReceiver(name, mostBytes, signal);
  const input = ['-i', path, '-map', '0:v:0?', '-map', '0:a:0?', '-c', 'copy'];
  const output = ['-f', 'rtsp', '-rtsp_transport', 'tcp', '-pkt_size', String(packetOctets), receiver.url];
  await runFfmpeg([...input, ...output], signal);
  return await receiver.pushed;
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
