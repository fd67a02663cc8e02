import { hash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Clock, Instant } from '@sluice/model';

const goodForMs = 300_000;
/** Nonces in use that are remembered; when there are more, all are stale and devices ask for another. */
const most = 50_000;

const timeLength = 8;
const randomLength = 8;
/** 96 bits. */
const sealLength = 16;

/** What a nonce is worth that a device shows. */
export type NonceWorth = 'good' | 'stale' | 'foreign';

/** Makes nonces for Digest, and takes each use of one once. Nothing is kept of those that were given and not used. */
export class Nonces {
  readonly #clock: Clock;
  readonly #key = randomBytes(32).toString('hex');
  #used = new Map<string, { count: number; readonly connection: WeakRef<object> }>();
  #before = new Map<string, { count: number; readonly connection: WeakRef<object> }>();
  #turnedAt: Instant;
  #notBefore = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#turnedAt = clock.now();
  }

  /** 32 characters: there are devices that keep no more of one. */
  issue(): string {
    const text = this.#clock.now().toString(36).padStart(timeLength, '0') + randomUUID().slice(0, randomLength);
    return text + this.#seal(text);
  }

  /**
   * Uses a nonce. With a count (`nc`), each use must count higher. Without, as in RFC 2069's digest, all uses must come
   * on one connection.
   */
  use(nonce: string, count: number | undefined, connection: object): NonceWorth {
    const text = nonce.slice(0, timeLength + randomLength);
    const right = Buffer.from(this.#seal(text));
    const told = Buffer.from(nonce.slice(text.length));
    if (told.length !== right.length || !timingSafeEqual(told, right)) return 'foreign';
    const issued = Number.parseInt(nonce.slice(0, timeLength), 36);
    const now = this.#clock.now();
    this.#turn(now);
    if (issued + goodForMs < now || issued < this.#notBefore) return 'stale';
    const last = this.#used.get(nonce) ?? this.#before.get(nonce);
    const again = count === undefined ? last?.connection.deref() === connection : last && count > last.count;
    if (last && !again) return 'stale';
    this.#used.set(nonce, { count: count ?? 0, connection: new WeakRef(connection) });
    return 'good';
  }

  /** Forgets what is stale by its age. */
  #turn(now: Instant): void {
    if (this.#used.size >= most) this.#notBefore = now;
    if (this.#used.size < most && now - this.#turnedAt < goodForMs) return;
    this.#before = this.#used;
    this.#used = new Map();
    this.#turnedAt = now;
  }

  #seal(text: string): string {
    // Twice over the key, as HMAC is: what is hashed inside cannot be made longer by who sees the outside.
    return hash('sha256', this.#key + hash('sha256', this.#key + text), 'base64url').slice(0, sealLength);
  }
}
