import { spawn } from 'node:child_process';

/**
 * Runs a short command to its end, `input` on its stdin, and gives back its stdout.
 * Rejects with what it wrote when it fails, and with the signal's reason when aborted.
 */
export function run(command: readonly string[], signal: AbortSignal, input = ''): Promise<string> {
  const [file = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    // A command that ends before it has read everything shows in its exit status.
    child.stdin.on('error', () => {});
    child.on('error', (error) => reject(signal.aborted ? signal.reason : error));
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString());
      else {
        const said = Buffer.concat(err.length > 0 ? err : out)
          .toString()
          .trim();
        reject(new Error(`${command.join(' ')}: exit status ${code}: ${said}`));
      }
    });
    child.stdin.end(input);
  });
}
