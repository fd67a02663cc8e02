import type { GrantedOpening, Instant, IpAddress } from '@sluice/model';
import { Turns } from '@sluice/port-control';
import type { MappingKey } from '@sluice/wire/igd';
import { isAnotherLife, type LifeSigns } from './life.ts';

/** What a gateway turned out not to do. */
export interface Learned {
  /** It takes no lease (error 725). */
  permanentOnly?: true;
  /** It takes no RemoteHost (error 726). */
  anyRemoteOnly?: true;
  /** The same mapping asked for again is a conflict (error 718). */
  conflictsWithItself?: true;
  /** It does not pick ports. */
  noAnyPort?: true;
  /** It does not list a range of ports (WANIPConnection:2). */
  noRangeList?: true;
  /** It does not look at one mapping. */
  noSpecificLook?: true;
}

/** A mapping as it was made. */
export interface MadeMapping {
  readonly key: MappingKey;
  readonly permanent: boolean;
  /** The life of the gateway in which it was made; undefined where an earlier one of ours did. */
  readonly life: number | undefined;
  readonly until: Instant;
}

/**
 * A pinhole. `asked`: no answer came, it may be there. `held`: the gateway gave its number, which is good in that life
 * of the gateway. `closed`: seen to be gone.
 */
export type KnownPinhole =
  | { readonly state: 'asked' | 'closed'; readonly opening: GrantedOpening }
  | { readonly state: 'held'; readonly opening: GrantedOpening; readonly uniqueId: number; readonly life: number };

/** Kept after its end, for who still asks. */
const graceMs = 86_400_000;

/** What is remembered of one gateway, over conversations with it. */
export class GatewayMemory {
  /** One exchange after another: many gateways mix up two at once. */
  readonly turns = new Turns();
  readonly learned: Learned = {};
  /** Openings over IPv4, by id. */
  readonly mappings = new Map<string, MadeMapping>();
  /** Openings over IPv6, by id. */
  readonly pinholes = new Map<string, KnownPinhole>();
  /** The gateway's table was looked through for mappings that an earlier life of ours made. */
  looked = false;
  externalAddress: IpAddress | undefined;
  /** Its name, and where it is, as it was last found. */
  found: { readonly udn: string; readonly address: IpAddress } | undefined;
  #life = 1;
  #signs: LifeSigns = {};
  #unansweredBoots = 0;

  /** Counts the gateway's lives, as far as they were noticed. */
  get life(): number {
    return this.#life;
  }

  /** Takes new signs of life; true for another life: what is remembered may be there, or not, or be another's. */
  notice(signs: LifeSigns): boolean {
    const another = isAnotherLife(this.#signs, signs);
    if (another) this.#life++;
    // Of another life, what one sign was is not to be held against the other.
    this.#signs = another ? signs : { ...this.#signs, ...signs };
    return another;
  }

  /** Whether the gateway tells a number of its boots by SSDP, to who asks it alone. */
  get tellsBoots(): boolean {
    return this.#signs.bootId !== undefined && this.#unansweredBoots < 3;
  }

  /** The gateway was asked for that number. */
  askedBoot(answered: boolean): void {
    this.#unansweredBoots = answered ? 0 : this.#unansweredBoots + 1;
  }

  /** Forgets what ended long ago. */
  tidy(now: Instant): void {
    for (const [id, { until }] of this.mappings) if (until + graceMs < now) this.mappings.delete(id);
    for (const [id, { opening }] of this.pinholes) if (opening.until + graceMs < now) this.pinholes.delete(id);
  }
}
