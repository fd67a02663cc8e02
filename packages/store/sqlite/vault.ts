import type { Gateway, GatewayType } from '@sluice/model';
import { isSecretMember } from '@sluice/model';
import type { KeyFile } from '../secrets/key-file.ts';
import { type SealKey, seal, unseal } from '../secrets/seal.ts';
import { StoreUnusable } from '../unusable.ts';
import { evidenceColumn, evidenceOf, homeColumn, homeOf } from './rows.ts';
import type { Tables } from './tables.ts';

type GatewayRow = Tables['gateways'];
type OwnSecretRow = Tables['own_secrets'];

/** Between what is known and what the database holds: secrets go in sealed and come out as they were. */
export class Vault {
  readonly #keys: KeyFile;
  readonly #database: string;

  /** `database`: its file, for sentences. */
  constructor(keys: KeyFile, database: string) {
    this.#keys = keys;
    this.#database = database;
  }

  /** A gateway's row; makes the key where it is the first that has a secret. */
  async rowOf({ gatewayId, type, communication, evidence, behind, home }: Gateway): Promise<GatewayRow> {
    const entries = Object.entries(communication);
    const secret = entries.filter(([name]) => isSecretMember(type, name));
    const open = JSON.stringify(Object.fromEntries(entries.filter(([name]) => !isSecretMember(type, name))));
    const row = {
      gateway_id: gatewayId,
      type,
      communication: open,
      evidence: evidenceColumn(evidence),
      behind: behind ?? null,
      home: homeColumn(home),
    };
    if (secret.length === 0) return { ...row, secrets_key: null, secrets: null };
    const key = await this.#keys.needed();
    const text = Buffer.from(JSON.stringify(Object.fromEntries(secret)));
    return { ...row, secrets_key: key.id, secrets: seal(key, text, aboutGateway(row)) };
  }

  /** A gateway out of its row. Throws {@link StoreUnusable}. */
  gatewayOf(row: GatewayRow): Gateway {
    const { gateway_id: gatewayId, communication, secrets_key: keyId, secrets } = row;
    const open = JSON.parse(communication) as Record<string, string>;
    const sealed =
      keyId === null || secrets === null
        ? {}
        : JSON.parse(this.#open(keyId, secrets, aboutGateway(row), `the gateway ${gatewayId}`).toString());
    return {
      gatewayId,
      type: row.type as GatewayType,
      communication: { ...open, ...sealed },
      ...(row.behind !== null && { behind: row.behind }),
      ...homeOf(row),
      ...evidenceOf(row),
    };
  }

  async ownSecretRow(name: string, secret: Uint8Array): Promise<OwnSecretRow> {
    const key = await this.#keys.needed();
    return { name, secrets_key: key.id, secret: seal(key, secret, aboutOwn(name)) };
  }

  /** A secret of the server's own out of its row. Throws {@link StoreUnusable}. */
  ownSecretOf({ name, secrets_key: keyId, secret }: OwnSecretRow): Uint8Array {
    return this.#open(keyId, secret, aboutOwn(name), `the server's own ${name}`);
  }

  /** Whether another key than the newest sealed it. Throws {@link StoreUnusable} where the key is not there. */
  isOlder(keyId: string | null): boolean {
    return keyId !== null && this.#key(keyId) !== this.#keys.newest;
  }

  /** Whether a gateway's row has a secret in the open, as versions before this one wrote them. */
  hasOpenSecret({ type, communication }: Pick<GatewayRow, 'type' | 'communication'>): boolean {
    return Object.keys(JSON.parse(communication)).some((name) => isSecretMember(type as GatewayType, name));
  }

  #key(id: string): SealKey {
    const key = this.#keys.find(id);
    if (key) return key;
    throw new StoreUnusable(
      'key',
      `the database ${this.#database} holds secrets that the key ${id} opens, and ${this.#keys.file} has no such key; put the file back that belongs to this database`,
    );
  }

  #open(keyId: string, sealed: string, about: string, whose: string): Buffer {
    const opened = unseal(this.#key(keyId), sealed, about);
    if (opened) return opened;
    throw new StoreUnusable(
      'corrupt',
      `the secrets of ${whose} in ${this.#database} were changed from outside; register it again`,
    );
  }
}

/** A gateway's secrets open beside what they were sealed with alone: whoever turns its address elsewhere does not have them sent there. */
function aboutGateway({ gateway_id, type, communication }: Pick<GatewayRow, 'gateway_id' | 'type' | 'communication'>) {
  return JSON.stringify(['gateway', gateway_id, type, communication]);
}

function aboutOwn(name: string): string {
  return JSON.stringify(['own', name]);
}
