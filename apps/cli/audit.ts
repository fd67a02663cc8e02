import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  auditKinds,
  describeFinding,
  describeLine,
  isHash,
  type LineQuery,
  ownKinds,
  type Position,
  type SelectedLine,
  selectLines,
  trustIn,
  type Verified,
  verifyLog,
} from '@sluice/audit';
import { Command, InvalidArgumentError, Option } from 'commander';

/** `sluice audit`: what a configuration server or a gateway has written down of what it did. */
export function auditCommand(): Command {
  return new Command('audit')
    .description('audit logs: find what was changed in one, and read it')
    .addCommand(verifyCommand())
    .addCommand(
      readCommand('export', 'the lines that are wanted, as they stand in the log (JSON lines)', ({ text }) => text),
    )
    .addCommand(readCommand('show', 'the lines that are wanted, for a person', ({ line }) => describeLine(line)));
}

interface VerifyOptions {
  readonly ca?: string;
  readonly of?: string;
  readonly expect: readonly Position[];
  readonly after?: Position;
  readonly json?: true;
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('find lines of an audit log that are missing, changed, out of order or cut off; exit status 1 if any')
    .argument('<path>', 'directory of the log, or one file of it')
    .option(
      '--ca <file>',
      "the deployment's ca.pem: whose signatures count; left out, the log shows only that it fits together",
    )
    .option('--of <endpoint-id>', 'the part whose log it must be')
    .addOption(
      new Option(
        '--expect <seq:hash>',
        'a position noted elsewhere (sluice status): it must stand in the log; may be given more than once',
      )
        .argParser((text, before: readonly Position[]) => [...before, position(text)])
        .default([], 'none'),
    )
    .option('--after <seq:hash>', 'the position that the first line follows, where older files were put away', position)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Example:
  sluice audit verify /var/lib/sluice/configuration.sqlite-audit --ca ca.pem --of self::configuration-1
  sluice audit verify audit-000000004711-2030-01-31.jsonl --ca ca.pem
  sluice audit verify ./audit --ca ca.pem --expect 4711:0f3a...

Without --expect, what was cut off is told by the head file beside the log; who can write to that disk can also put an
older log and its head back. A position that was noted elsewhere tells that too: print it with \`sluice status\`.`,
    )
    .action(async (path: string, { ca, of, expect, after, json }: VerifyOptions) => {
      const trust = ca === undefined ? undefined : trustIn(await readFile(ca, 'utf8'));
      const wish = { path, expect, ...(trust && { trust }), ...(of !== undefined && { of }), ...(after && { after }) };
      const verified = await verifyLog(wish, new AbortController().signal);
      const told = json ? JSON.stringify(verified, null, 2) : report(verified, ca !== undefined);
      process.stdout.write(`${told}\n`);
      if (verified.wrong.length > 0) process.exitCode = 1;
    });
}

function report({ wrong, notes, more, files, lines, last, signer }: Verified, isHeld: boolean): string {
  const whose = signer ? `the log of ${signer.endpointId} (${signer.role})` : 'a log that nobody has signed';
  return [
    ...wrong.map(describeFinding),
    ...notes.map(describeFinding),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...(isHeld ? [] : ['note: not held against an authority: whose signatures they are is not known (--ca)']),
    `${whose}: ${lines} lines in ${files} ${files === 1 ? 'file' : 'files'}${last ? `, up to ${last.seq}:${last.hash}` : ''}`,
    wrong.length === 0 ? 'nothing is wrong' : `WRONG: ${wrong.length + more} findings`,
  ].join('\n');
}

interface ReadOptions extends Omit<LineQuery, 'kinds'> {
  readonly kind?: readonly string[];
}

function readCommand(name: string, description: string, write: (selected: SelectedLine) => string): Command {
  return new Command(name)
    .description(description)
    .argument('<path>', 'directory of the log, or one file of it')
    .option('--from <time>', 'noted then or later: 2030-01-31, or 2030-01-31T10:00:00Z', instant)
    .option('--to <time>', 'noted before', instant)
    .option('--gateway <id>', 'about this gateway')
    .option('--appliance <id>', 'about this appliance')
    .option('--session <id>', 'about this session')
    .addOption(new Option('--kind <kind...>', 'of these kinds').choices([...auditKinds, ...ownKinds]))
    .addHelpText(
      'after',
      `
Example:
  sluice audit ${name} ./audit --from 2030-01-31 --to 2030-02-01 --gateway self::gateway-a
  sluice audit ${name} ./audit --kind session-closed lease-ended
  sluice audit ${name} ./audit --session s0m4k2z9qa1b2c3`,
    )
    .action(async (path: string, { kind, ...query }: ReadOptions) => {
      let unreadable = 0;
      const missed = () => void unreadable++;
      const signal = new AbortController().signal;
      async function* texts(): AsyncGenerator<string> {
        for await (const selected of selectLines(path, { ...query, kinds: kind }, missed, signal))
          yield `${write(selected)}\n`;
      }
      try {
        await pipeline(Readable.from(texts()), process.stdout, { end: false });
      } catch (error) {
        // Whoever read this has enough.
        if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
      }
      if (unreadable === 0) return;
      process.stderr.write(`${unreadable} lines could not be read; see: sluice audit verify ${path}\n`);
      process.exitCode = 1;
    });
}

function position(text: string): Position {
  const [, seq, hash] = /^(\d{1,15}):(\w+)$/.exec(text) ?? [];
  if (seq === undefined || !isHash(hash)) throw new InvalidArgumentError('a number, a colon and 64 hexadecimal digits');
  return { seq: Number(seq), hash };
}

function instant(text: string): number {
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw new InvalidArgumentError('a date, such as 2030-01-31, or a time, such as 2030-01-31T10:00:00Z');
  return at;
}
