import { isPort, type Port } from '@sluice/model';
import { InvalidArgumentError } from 'commander';

/** `stream=value,...` of a command line. Throws InvalidArgumentError. */
export function readPairs(text: string): [string, string][] {
  return text.split(',').map((pair) => {
    const match = /^([a-z0-9-]{1,32})=(\w+)$/.exec(pair.trim());
    if (!match) throw new InvalidArgumentError(`${pair} is not stream=value`);
    return [match[1] ?? '', match[2] ?? ''];
  });
}

/** `stream=port,...`. Throws InvalidArgumentError. */
export function readPorts(text: string): Record<string, Port> {
  return Object.fromEntries(
    readPairs(text).map(([stream, digits]) => {
      const port = Number(digits);
      if (!isPort(port)) throw new InvalidArgumentError(`${digits} is no port`);
      return [stream, port];
    }),
  );
}
