import { type Opening, type PromiseName, type Refusal, refuse, type Traits } from '@sluice/model';

const words: Partial<Record<PromiseName, string>> = {
  remoteAddress: 'let in one server alone',
  remotePort: 'let in one port of the server alone',
  streamType: 'tell a stream type from anything else of its transport',
};

/** Refuses an opening that a gateway with these traits cannot hold, and that may not lack what is missing. */
export function cannotHold(opening: Opening, traits: Traits): Refusal | undefined {
  const { id, remote, streamType, mayLack = [] } = opening;
  const lacking: readonly [PromiseName, boolean][] = [
    ['remoteAddress', !traits.sourceAddress],
    ['remotePort', !traits.sourcePort && remote.port !== undefined],
    ['streamType', !traits.streamTypes && streamType !== 'tcp' && streamType !== 'udp'],
  ];
  const [name] = lacking.find(([promise, lacks]) => lacks && !mayLack.includes(promise)) ?? [];
  return name && refuse('cannot-hold', `the gateway cannot ${words[name]} (${name})`, id);
}
