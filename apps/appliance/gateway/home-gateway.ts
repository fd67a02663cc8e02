import type { AskedPart } from '@sluice/api';
import type { HttpsPeer, PeerAnswer } from '@sluice/io';
import type { Clock, HomeSightings, IpAddress } from '@sluice/model';
import type { ApplianceDrivers } from '../drivers.ts';
import { Answering } from './answering.ts';
import { GatewayLink } from './link.ts';
import type { OwnPlayers } from './own-players.ts';
import { type AskedStream, OwnRequests } from './own-requests.ts';
import { ProbeWatch } from './probe-watch.ts';

/** What speaking to this home's gateway needs. */
export interface HomeGatewayPorts {
  readonly part: AskedPart<PeerAnswer> & { readonly peer: HttpsPeer };
  /** The drivers that this device runs; `lost` tells that a gateway no longer holds what it held. */
  drivers(lost: (gatewayId: string, why: string) => void): ApplianceDrivers;
  readonly clock: Clock;
  ownAddresses(): ReadonlySet<IpAddress>;
  /** What this device sees of its gateway, whichever that is. */
  look(signal: AbortSignal): Promise<HomeSightings>;
  /** This device's programs that may ask portals themselves; left out, none may. */
  readonly players?: OwnPlayers | undefined;
}

/** This home's gateway, as far as this device speaks to it: on behalf of the configuration server, for its own requests. */
export class HomeGateway implements AsyncDisposable {
  readonly watch: ProbeWatch;
  readonly #requests: OwnRequests;
  readonly #link: GatewayLink;
  readonly #drivers: ApplianceDrivers;

  constructor({ part, drivers: make, clock, ownAddresses, look, players }: HomeGatewayPorts) {
    this.#drivers = make((_, why) => this.#link.doubt(why));
    const { drivers } = this.#drivers;
    this.watch = new ProbeWatch(clock);
    this.#requests = new OwnRequests(ownAddresses);
    if (players) this.#requests.ask(() => players.streams());
    const answering = new Answering({ drivers, requests: this.#requests, watch: this.watch, clock, look, players });
    this.#link = new GatewayLink({ part, answering, clock, listen: () => this.#drivers.listen() });
  }

  /** A request is near: connects meanwhile, unless the gateway turns out to run our agent: that is spoken to by itself. */
  soon(isOurs: Promise<boolean>): void {
    const cancel = this.#link.soon();
    void isOurs.then((ours) => ours && cancel());
  }

  /** Is there to be asked what it sees, until what is returned is disposed of. */
  present(): Disposable {
    return this.#link.hold();
  }

  /** These streams are about to be asked for, and are received until what is returned is disposed of. */
  asking(streams: readonly AskedStream[], isOurs: 'ours' | Promise<boolean>): Disposable {
    const requested = this.#requests.ask(streams);
    // Our own agent is spoken to by itself: no connection of this device is needed for it.
    if (isOurs === 'ours') return requested;
    const held = this.#link.hold();
    void isOurs.then((ours) => ours && held[Symbol.dispose]());
    return {
      [Symbol.dispose]() {
        requested[Symbol.dispose]();
        held[Symbol.dispose]();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link[Symbol.asyncDispose]();
    this.#drivers[Symbol.dispose]();
  }
}
