import { keyed, parsePath, supportedPath } from '@sluice/wire/usp';
import { pieces, tokens } from '../mutate/pieces.ts';
import { bytesOf, promise, refused, type Target, taken, textOf } from '../target.ts';
import { uspWords } from './usp-samples.ts';

const table = 'Device.NAT.PortMapping.';

/** Paths of the data model: `parsePath`, and `keyed`, which puts values from outside into paths. */
export const uspPath: Target = {
  name: 'usp-path',
  mostBytes: 8192,
  seeds: bytesOf(
    'Device.',
    'Device.NAT.PortMapping.*.Alias',
    'Device.NAT.PortMapping.12.',
    'Device.NAT.PortMapping.{i}.Stats.',
    'Device.NAT.X_SLUICE_FreePorts()',
    'Device.Boot!',
    'Device.NAT.PortMapping.1.Interface+.Name',
    'Device.NAT.PortMapping.*.Interfaces#2+.IPv4Address.*.IPAddress',
    'Device.NAT.PortMapping.[Alias=="a%221"&&ExternalPort>=1024].Stats.Packets',
  ),
  words: uspWords,
  mutators: [tokens, pieces(/[^.]*\.|[^.]+/g)],
  feed(input) {
    const text = textOf(input);
    const quoted = parsePath(keyed(table, { Alias: text }));
    if (quoted.ok) {
      const [, , , search, ...more] = quoted.value.steps;
      const term = search?.kind === 'search' ? search.terms[0] : undefined;
      promise(quoted.value.steps.length === 4 && more.length === 0, 'a quoted value adds no step');
      promise(search?.kind === 'search' && search.terms.length === 1, 'a quoted value adds no term');
      promise(term?.value === text, 'a quoted value comes out as it went in');
    }
    const parsed = parsePath(text);
    if (!parsed.ok) {
      const { message, offset } = parsed.failure;
      promise(offset >= 0 && offset <= text.length, 'a failure is somewhere in the input');
      return refused(message);
    }
    const { steps, kind } = parsed.value;
    const supported = supportedPath(steps);
    if (supported !== undefined) {
      const again = parsePath(supported);
      promise(again.ok && supportedPath(again.value.steps) === supported, 'a supported path is a path');
    }
    return taken(`${kind} ${steps.map((step) => step.kind).join(' ')}`.slice(0, 80));
  },
};

/** Search expressions, in their brackets. */
export const uspSearch: Target = {
  name: 'usp-search',
  mostBytes: 8192,
  seeds: bytesOf(
    '[Alias=="a1"]',
    '[Alias=="a1"&&Enable==true]',
    '[ExternalPort>=1024 && ExternalPort<=65535 && Protocol!="TCP"]',
    '[Interface+.Name~="wan0"]',
    '[Interfaces#*+.IPv4Address.IPAddress=="1.2.3.4"]',
    '[Since<2026-01-01T00:00:00Z&&Note=="%22%25"]',
  ),
  words: uspWords,
  mutators: [tokens],
  feed(input) {
    const text = textOf(input);
    const before = `${table}`;
    const parsed = parsePath(`${before}${text}.`);
    if (!parsed.ok) {
      const { message, offset } = parsed.failure;
      promise(offset >= before.length && offset <= before.length + text.length + 1, 'a failure is in the expression');
      return refused(message);
    }
    const terms = parsed.value.steps.flatMap((step) => (step.kind === 'search' ? step.terms : []));
    return taken(terms.map(({ operator, quoted }) => `${operator}${quoted}`).join(' '));
  },
};
