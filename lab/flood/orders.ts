/** A port to flood. */
export interface FloodTarget {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Without TLS, bad handshakes are bad requests. */
  readonly plain?: boolean;
}

/** What a flooder does, to each of its targets alike. */
export interface FloodOrders {
  readonly targets: readonly FloodTarget[];
  /** Addresses that it connects from, by turns; its host's own where left out. */
  readonly sources?: readonly string[];
  /** Connections that say nothing: so many are opened, and as many more each second. */
  readonly silent: number;
  readonly silentPerSecond: number;
  /** Handshakes a second that go wrong: noise, a beginning that stops, a beginning that goes on with noise. */
  readonly badPerSecond: number;
  /** Connections that send a request bit by bit, through TLS where there is TLS; replaced when they end. */
  readonly slow: number;
}

/** What a flooder did to a target. */
export interface FloodCounts {
  readonly name: string;
  /** Silent connections that came about. */
  readonly silent: number;
  readonly bad: number;
  /** Of those, handshakes that the server took part in. */
  readonly answered: number;
  readonly slow: number;
}

/** A port that an honest client asks something at, on a connection of its own each time. */
export interface Door {
  readonly name: string;
  /** Where it is. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly plain?: boolean;
  /** Most connections that there may be at once, whoever makes how many. */
  readonly room: number;
}

/** What an honest appliance does. */
export interface HonestOrders {
  readonly portal: string;
  readonly identity: string;
  readonly contentId: string;
  readonly sessions: number;
  /** At each door. */
  readonly knocks: number;
  readonly doors: readonly Door[];
}

/** What became of it: milliseconds each, and why something failed. */
export interface HonestTimes {
  readonly sessions: readonly number[];
  readonly doors: Readonly<Record<string, readonly number[]>>;
  readonly failures: readonly string[];
}
