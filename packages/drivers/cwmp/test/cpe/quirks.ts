import type { CwmpAnswer, CwmpCall, CwmpFault } from '@sluice/wire/cwmp';

/** How a device departs from the standard, always. */
export interface Quirks {
  readonly returnsCookie?: boolean;
  readonly connectsAnew?: boolean;
  /** Pretty-printed, with prefixes of its own. */
  readonly oddXml?: boolean;
  readonly wrongCounts?: boolean;
  /** Takes no RemoteHost: `refuses` it, or says that it does and `ignores` it. */
  readonly remoteHost?: 'refuses' | 'ignores';
  /**
   * Rules of its chain: `read-only`, none can be added; it `refuses` one that excludes a port, or says that it takes it
   * and `ignores` that it excludes one.
   */
  readonly rules?: 'read-only' | 'refuses' | 'ignores';
  /** Its clock is so far ahead, in milliseconds; `unknown`: it says that it does not know the time. */
  readonly clockAheadMs?: number | 'unknown';
  /** Keeps no leases. */
  readonly lease?: 'refuses' | 'ignores';
  /** Faults tell no parameter. */
  readonly saysLittle?: boolean;
  /** Keeps so many characters of a description. */
  readonly descriptionLength?: number;
  /** Does not know what a name with a dot at its end is in GetParameterValues. */
  readonly noPartialPaths?: boolean;
  readonly reusesInstances?: boolean;
  /** The number of entries never changes. */
  readonly fixedCount?: boolean;
  readonly firstEvent?: string;
  /** Its connection requests take no password, or close the connection after each answer. */
  readonly connectionRequest?: 'without-digest' | 'hangs-up';
}

/** What happens to one call, once. */
export type Trick =
  /** The connection is gone before it is done, or after. */
  | { readonly kind: 'lose-request' | 'lose-answer' }
  /** No power until it is switched on again. */
  | { readonly kind: 'power-off'; readonly done: boolean }
  /** It says that it did. */
  | { readonly kind: 'lie'; readonly answer: CwmpAnswer }
  | { readonly kind: 'fault'; readonly fault: CwmpFault }
  /** These octets instead of an answer. */
  | { readonly kind: 'say'; readonly body: string }
  /** The answer twice; or the answer to the call before it, under that call's id. */
  | { readonly kind: 'twice' | 'answer-before' }
  /** Answers when it is told to. */
  | { readonly kind: 'late'; readonly until: Promise<void> };

/** A trick and which call it befalls. */
export interface Ambush {
  readonly on: (call: CwmpCall) => boolean;
  readonly trick: () => Trick;
}

/** Rewrites what the device says as its quirks have it. */
export function rewriter({ oddXml, wrongCounts }: Quirks): ((body: string) => string) | undefined {
  if (!oddXml && !wrongCounts) return undefined;
  return (body) => {
    let text = body;
    if (wrongCounts) text = text.replace(/\[\d+\]"/g, '[7]"');
    if (!oddXml) return text;
    return text
      .replaceAll('xmlns:cwmp=', 'xmlns:m=')
      .replaceAll('cwmp:', 'm:')
      .replaceAll('soap-env', 'S')
      .replaceAll('soap-enc', 'q1')
      .replace(/\bxsi\b/g, 'i')
      .replaceAll('><', '>\n   <');
  };
}
