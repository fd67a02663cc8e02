import {
  type Cancel,
  type Clock,
  type Endpoint,
  type GrantedOpening,
  type Port,
  plainTransportOf,
} from '@sluice/model';
import { readProbe } from '@sluice/wire/probe';

/** A probe that came in. */
interface Heard {
  readonly trial: string;
  readonly port: Port;
  readonly from: Endpoint;
}

/** Which opening a probe came in by, and from where. */
export interface HeardProbe {
  readonly openingId: string;
  readonly from: Endpoint;
}

/** What is remembered of probes that nobody has asked about yet. */
const mostRemembered = 512;

/** Hears the probes among what comes to this device's UDP ports. They are no part of any stream. */
export class ProbeWatch {
  readonly #clock: Clock;
  #heard: Heard[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a datagram was a probe. */
  take(port: Port, bytes: Uint8Array, from: Endpoint): boolean {
    const trial = readProbe(bytes);
    if (!trial) return false;
    if (this.#heard.length >= mostRemembered) this.#heard.shift();
    this.#heard.push({ trial: Buffer.from(trial).toString('hex'), port, from });
    for (const hear of this.#listeners) hear();
    return true;
  }

  /**
   * What was heard of one trial: `leastMs` from now on, once each opening was come in by from its own remote; `mostMs`
   * from now on whatever was. TCP is not listened to: whoever connects knows.
   */
  async heard(
    trial: string,
    openings: readonly GrantedOpening[],
    leastMs: number,
    mostMs: number,
    signal: AbortSignal,
  ): Promise<readonly HeardProbe[]> {
    const awaited = openings.filter(({ streamType }) => plainTransportOf(streamType) === 'udp');
    const of = ({ local }: GrantedOpening) =>
      this.#heard.filter((each) => each.trial === trial && each.port === local.port);
    const isComplete = () =>
      awaited.every((opening) =>
        of(opening).some(({ from }) => from.address === opening.remote.address && from.port === opening.remote.port),
      );
    await this.#until(isComplete, leastMs, mostMs, signal);
    const found = awaited.flatMap((opening) => distinct(of(opening)).map((from) => ({ openingId: opening.id, from })));
    this.#heard = this.#heard.filter((each) => each.trial !== trial);
    return found;
  }

  #until(isMet: () => boolean, leastMs: number, mostMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      let isDue = false;
      const cancels: Cancel[] = [];
      const end = () => {
        for (const cancel of cancels) cancel();
        this.#listeners.delete(look);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const look = () => {
        if (isDue && isMet()) end();
      };
      this.#listeners.add(look);
      signal.addEventListener('abort', end, { once: true });
      cancels.push(
        this.#clock.after(leastMs, () => {
          isDue = true;
          look();
        }),
        this.#clock.after(mostMs, end),
      );
      if (signal.aborted) end();
    });
  }
}

function distinct(heard: readonly Heard[]): Endpoint[] {
  return [...new Map(heard.map(({ from }) => [`${from.address} ${from.port}`, from])).values()];
}
