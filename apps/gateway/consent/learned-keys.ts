import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { type ConsentKey, thumbprintOf } from '@sluice/consent';
import { type Instant, type Refusal, refuse } from '@sluice/model';
import { z } from 'zod';

const learnedAppliance = z.object({
  applianceId: z.string().min(1).max(128),
  /** Hardware address that it introduced itself from. */
  device: z.string().min(1).max(64),
  /** Milliseconds since 1970. */
  since: z.number(),
  /** RFC 7638. */
  thumbprint: z.string(),
  jwk: z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string() }),
});

/** What the gateway keeps of an appliance that introduced itself. */
export type LearnedAppliance = z.infer<typeof learnedAppliance>;

/** A learned key, ready to check with. */
export interface LearnedKey extends ConsentKey {
  readonly device: string;
}

/** Where the appliances are kept: whole or not at all. */
export interface ApplianceFile {
  /** Undefined where there is none yet. */
  read(): unknown;
  write(content: object): void;
}

/** Most appliances of a home. */
export const mostAppliances = 256;

const fileSchema = z.object({ appliances: z.array(learnedAppliance).max(mostAppliances) });

/**
 * Keys of the home's appliances, learned inside the home. The first key under an endpoint id stays until the household
 * forgets it: another is taken only from the same device, which has renewed its certificate. A key that moves to other
 * hardware stays what it is.
 */
export class LearnedKeys {
  readonly #file: ApplianceFile;
  readonly #appliances = new Map<string, LearnedAppliance>();
  readonly #keys = new Map<string, LearnedKey>();

  /** Throws where the file holds something else. */
  constructor(file: ApplianceFile) {
    this.#file = file;
    const content = file.read();
    if (content !== undefined) for (const appliance of fileSchema.parse(content).appliances) this.#put(appliance);
  }

  /** The key of a thumbprint. */
  get(thumbprint: string): LearnedKey | undefined {
    return this.#keys.get(thumbprint);
  }

  /** In the order they were learned. */
  all(): readonly LearnedAppliance[] {
    return [...this.#appliances.values()];
  }

  /** Learns the key of an appliance whose certificate was verified. */
  introduce(applianceId: string, jwk: JsonWebKey, device: string, now: Instant): LearnedAppliance | Refusal {
    const key = learnedAppliance.shape.jwk.safeParse(jwk).data;
    const thumbprint = key && thumbprintOf(createPublicKey({ key, format: 'jwk' }));
    if (!key || !thumbprint) return refuse('consent-invalid', 'an appliance signs with a key on the curve P-256');
    const before = this.#appliances.get(applianceId);
    if (before?.thumbprint === thumbprint && before.device === device) return before;
    if (before && before.thumbprint !== thumbprint && before.device !== device)
      return refuse(
        'request-conflict',
        `${applianceId} is another device here; the household can forget it: sluice gateway appliances forget ${applianceId}`,
      );
    if (!before && this.#appliances.size >= mostAppliances)
      return refuse('quota-exceeded', `this gateway knows ${mostAppliances} appliances; the household can forget some`);
    const learned = { applianceId, device, since: before?.since ?? now, thumbprint, jwk: key };
    this.#put(learned);
    this.#keep();
    return learned;
  }

  /** Whether it was known. */
  forget(applianceId: string): boolean {
    const known = this.#appliances.get(applianceId);
    if (!known) return false;
    this.#appliances.delete(applianceId);
    this.#keys.delete(known.thumbprint);
    this.#keep();
    return true;
  }

  #put(appliance: LearnedAppliance): void {
    const before = this.#appliances.get(appliance.applianceId);
    if (before) this.#keys.delete(before.thumbprint);
    this.#appliances.set(appliance.applianceId, appliance);
    const key = createPublicKey({ key: appliance.jwk, format: 'jwk' });
    this.#keys.set(appliance.thumbprint, { applianceId: appliance.applianceId, device: appliance.device, key });
  }

  #keep(): void {
    this.#file.write({ appliances: this.all() });
  }
}
