import type { Answer } from '@sluice/api';
import { Command, Option } from 'commander';
import { type OperatorClient, operatorClient } from './client.ts';

/** What a command found: for programs, and for people. */
export interface Found {
  readonly value: unknown;
  readonly text: string;
}

/** Asks, and gives what a command found, or the refusal. `words` are the command's arguments, `options` its options. */
export type Act = (
  client: OperatorClient,
  words: readonly string[],
  options: Readonly<Record<string, string | boolean | Readonly<Record<string, string>> | undefined>>,
) => Promise<Answer<Found>>;

/**
 * A command of the operator: `--server` and `--identity` say whom to ask as whom, a sign-in where they are left out;
 * `--json` prints the value instead of the text. A refusal goes to stderr, with exit status 1.
 */
export function operatorCommand(usage: string, description: string, example: string, act: Act): Command {
  const [name = usage, ...words] = usage.split(' ');
  const command = new Command(name)
    .description(description)
    .addOption(new Option('--server <url>', 'the configuration server, https://host:port').env('SLUICE_SERVER'))
    .addOption(
      new Option('--identity <directory>', "an operator's ca.pem, cert.pem and key.pem").env('SLUICE_IDENTITY'),
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `\nExample:\n  ${example} --server https://203.0.113.21:8444 --identity ./operator\n\n--server and --identity may also stand in SLUICE_SERVER and SLUICE_IDENTITY; after \`sluice sign-in\` neither is needed.`,
    );
  for (const word of words) command.argument(word);
  return command.action(async (...given: unknown[]) => {
    const options = command.opts<{ server?: string; identity?: string; json?: true }>();
    await using client = await operatorClient(options);
    const answer = await act(
      client,
      given.filter((word): word is string => typeof word === 'string'),
      options,
    );
    if (answer.kind === 'granted')
      process.stdout.write(`${options.json ? JSON.stringify(answer.value.value, null, 2) : answer.value.text}\n`);
    else {
      process.stderr.write(`${answer.refusal.code}: ${answer.refusal.message}\n`);
      process.exitCode = 1;
    }
  });
}

/** What a command says of a granted answer; a refusal stays one. */
export function say<T>(answer: Answer<T>, text: (value: T) => string): Answer<Found> {
  return answer.kind === 'refused'
    ? answer
    : { kind: 'granted', value: { value: answer.value, text: text(answer.value) } };
}
