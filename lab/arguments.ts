import { type ParseArgsConfig, parseArgs } from 'node:util';

/** The command line's options and positionals; ends the process with one line where it cannot be understood. */
export function readArguments<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    endWith(`${(error as Error).message.split('. ')[0]}; --help tells what there is.`);
  }
}

/** Ends the process with a sentence on stderr and exit status 1. */
export function endWith(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}
