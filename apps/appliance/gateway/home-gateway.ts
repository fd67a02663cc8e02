import type { AskedPart } from '@sluice/api';
import type { Driver } from '@sluice/driver';
import type { HttpsPeer, PeerAnswer } from '@sluice/io';
import type { Clock, IpAddress } from '@sluice/model';
import { Answering } from './answering.ts';
import { GatewayLink } from './link.ts';
import { type AskedStream, OwnRequests } from './own-requests.ts';
import { ProbeWatch } from './probe-watch.ts';

/** What speaking to this home's gateway needs. */
export interface HomeGatewayPorts {
  readonly part: AskedPart<PeerAnswer> & { readonly peer: HttpsPeer };
  readonly drivers: readonly Driver[];
  readonly clock: Clock;
  ownAddresses(): ReadonlySet<IpAddress>;
}

/** This home's gateway, as far as this device speaks to it: on behalf of the configuration server, for its own requests. */
export class HomeGateway implements AsyncDisposable {
  readonly watch: ProbeWatch;
  readonly #requests: OwnRequests;
  readonly #link: GatewayLink;

  constructor({ part, drivers, clock, ownAddresses }: HomeGatewayPorts) {
    this.watch = new ProbeWatch(clock);
    this.#requests = new OwnRequests(ownAddresses);
    const answering = new Answering({ drivers, requests: this.#requests, watch: this.watch, clock });
    this.#link = new GatewayLink({ part, answering, clock });
  }

  /** A request is near: connects meanwhile, unless the gateway turns out to run our agent: that is spoken to by itself. */
  soon(isOurs: Promise<boolean>): void {
    const cancel = this.#link.soon();
    void isOurs.then((ours) => ours && cancel());
  }

  /** These streams are about to be asked for, and are received until what is returned is disposed of. */
  asking(streams: readonly AskedStream[], isOurs: Promise<boolean>): Disposable {
    const requested = this.#requests.ask(streams);
    const held = this.#link.hold();
    void isOurs.then((ours) => ours && held[Symbol.dispose]());
    return {
      [Symbol.dispose]() {
        requested[Symbol.dispose]();
        held[Symbol.dispose]();
      },
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#link[Symbol.asyncDispose]();
  }
}
