import { type GatewaySession, Unreachable } from '@sluice/driver';
import { type Clock, type Gateway, type GrantedOpening, type Outcome, refuse } from '@sluice/model';
import { DeviceFault } from './asking.ts';
import { closeRows } from './close.ts';
import type { DeviceBook } from './device-book.ts';
import { openRows } from './open.ts';
import type { CwmpStep } from './plan.ts';
import type { CwmpPort } from './port.ts';
import { freePorts, type PortPicking, portsTaken } from './ports.ts';
import { refusalOfFault } from './refusals.ts';
import { renewRows } from './renew.ts';
import { isInEffect, openingOf } from './seen.ts';
import { traitsOf } from './traits.ts';
import { untilAborted } from './until-aborted.ts';
import { Work } from './work.ts';

/** What the driver is made of. */
export interface CwmpDriverPorts {
  readonly acs: CwmpPort;
  readonly clock: Clock;
  readonly book: DeviceBook;
  /** Global ports that are picked, where the controller names none. */
  readonly picking: PortPicking;
}

/** How long a look at a device that keeps no leases is good for: renewing wakes it no more often. */
const lookGoodForMs = 300_000;

/** The conversation with one device. It holds no session of the device open: each work takes the one there is, or wakes it. */
export function cwmpSession(gateway: Gateway, ports: CwmpDriverPorts): GatewaySession<CwmpStep> {
  const { acs, clock, book, picking } = ports;
  const { gatewayId } = gateway;

  /** Acts alone with the device. What is under way when `signal` ends is brought to an end without it. */
  function alone<T>(signal: AbortSignal, act: (work: Work) => Promise<T>): Promise<T> {
    const work = acs.alone(gatewayId, signal, (device) => {
      const known = book.meet(gatewayId, device.contact);
      return act(new Work(device, known, clock));
    });
    return untilAborted(work, signal);
  }

  async function apply(step: CwmpStep, signal: AbortSignal): Promise<Outcome> {
    let changed = () => false;
    try {
      return await alone(signal, async (work) => {
        changed = () => work.hasChanged;
        switch (step.kind) {
          case 'open':
            return openRows({ work, picking, isOver: () => signal.aborted }, step.leases);
          case 'renew':
            return renewRows(work, step.leases);
          case 'close':
            return closeRows(work, step.openings);
        }
      });
    } catch (error) {
      if (error instanceof DeviceFault) return { kind: 'refused', refusal: refusalOfFault(error.fault) };
      const reason = error instanceof Error ? error.message : String(error);
      if (error instanceof Unreachable && !changed())
        return { kind: 'refused', refusal: refuse('gateway-offline', `${reason}; nothing was changed`) };
      return { kind: 'unknown', reason };
    }
  }

  /** A device that keeps no leases has nothing to be told, and was seen to hold what it should not long ago. */
  function needsNothing(step: CwmpStep): readonly GrantedOpening[] | undefined {
    const { lookedAt } = book.of(gatewayId);
    if (step.kind !== 'renew' || lookedAt === undefined || clock.now() - lookedAt > lookGoodForMs) return undefined;
    const openings = step.leases.map(({ opening }) => opening);
    return openings.every(({ lacks }) => lacks?.includes('lease')) ? openings : undefined;
  }

  return {
    get traits() {
      return traitsOf(book.of(gatewayId));
    },

    async addresses(signal) {
      const { place } = book.of(gatewayId);
      return (place ?? (await alone(signal, (work) => work.place()))).addresses;
    },

    observe: (believed, signal) =>
      alone(signal, async (work) => {
        const place = await work.place();
        for (const opening of believed) work.known.asked.set(opening.id, opening);
        const { rows } = await work.rows();
        const at = clock.now();
        const { asked } = work.known;
        const ours = rows.flatMap((row) => {
          const opening =
            isInEffect(row) && row.id !== undefined ? openingOf(row, place, asked.get(row.id), at) : undefined;
          return opening ? [{ opening }] : [];
        });
        return { at, ours, foreign: rows.length - ours.length };
      }),

    async apply(step, signal) {
      const granted = needsNothing(step);
      return granted ? { kind: 'applied', granted } : apply(step, signal);
    },

    freePorts: (wanted, signal) =>
      alone(signal, async (work) => freePorts(wanted, portsTaken((await work.rows()).rows, new Set()), picking)),

    async [Symbol.asyncDispose]() {},
  };
}
