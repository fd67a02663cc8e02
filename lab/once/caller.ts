import { hostDirectory, originOf, partPorts } from '../configurations.ts';
import { type Deployment, sluiceCommand } from '../parts.ts';
import { startOnHost } from '../process.ts';
import { hostOf } from '../topology.ts';

/** The JSON that `sluice appliance call` prints, as far as it is read here. */
export interface CallResult {
  readonly verdict: string;
  /** Left out where it was refused. */
  readonly way?: 'direct' | 'gateways';
  /** Of the refusal. */
  readonly code?: string;
  readonly message?: string;
  readonly sent?: number;
  readonly received?: number;
  readonly lost?: number;
  /** From the answer to the other party's first packet. */
  readonly firstMs?: number;
  /** Where packets came from: "203.0.113.2:20000". */
  readonly from?: readonly string[];
}

/** A party of a call: `sluice appliance call` on a host. Disposing stops it. */
export interface Caller extends AsyncDisposable {
  /** What came of it, when it has hung up. Rejects where it says nothing. */
  readonly result: Promise<CallResult>;
}

/** What two devices call each other about, and for how long. */
export interface CallPlan {
  readonly name: string;
  readonly family: 4 | 6;
  readonly seconds: number;
}

/** Has a device call another, which does the same. */
export async function startCaller(
  { network, directories }: Deployment,
  host: string,
  other: string,
  { name, family, seconds }: CallPlan,
  signal: AbortSignal,
): Promise<Caller> {
  const lines: string[] = [];
  const started = await startOnHost(
    {
      name: `appliance on ${host}`,
      namespace: network.namespace(host),
      becomesReady: false,
      command: sluiceCommand([
        ...['appliance', 'call', name, '--with', hostOf(network.topology, other).runs?.endpointId ?? ''],
        ...['--portal', originOf(network, 'portal', partPorts.portal, family)],
        ...['--identity', hostDirectory(directories, host), '--seconds', String(seconds), '--json'],
      ]),
      onLine: (line) => {
        if (line.startsWith('{"verdict":')) lines.push(line);
      },
    },
    signal,
  );
  return {
    result: started.ended.then(() => {
      const [line] = lines;
      if (line === undefined) throw new Error(`${started.name} says nothing: ${started.log.slice(-5).join('\n')}`);
      return JSON.parse(line) as CallResult;
    }),
    [Symbol.asyncDispose]: () => started.stop(),
  };
}
