import type { IgdDriverPorts, IgdHome } from './ports.ts';

/** Ports whose home is looked at now and then: each look reads the machine's routes and addresses. */
export interface StandingPorts {
  readonly ports: IgdDriverPorts;
  /** Looks again: addresses come and go. */
  look(): void;
}

/** Looks at the home now, and again when told to. */
export function standingPorts(ports: IgdDriverPorts): StandingPorts {
  let home: IgdHome = ports.home();
  return {
    ports: { ...ports, home: () => home },
    look() {
      home = ports.home();
    },
  };
}
