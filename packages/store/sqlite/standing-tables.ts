import { randomBytes } from 'node:crypto';
import type { Enrolment, OperatorAccount, RevocationRecord, StandingStore } from '@sluice/control';
import { SqliteAccess } from './access.ts';
import { enrolmentOf, operatorOf, revocationOf } from './rows.ts';

/** Who may join, who counts no more, who signs in, and the secrets of the server itself. */
export class StandingTables extends SqliteAccess implements StandingStore {
  async putEnrolment({ endpointId, role, names, secretHash, expiresAt }: Enrolment): Promise<void> {
    const values = { role, names: JSON.stringify(names), secret_hash: secretHash, expires_at: expiresAt };
    const query = this.db
      .insertInto('enrolments')
      .values({ endpoint_id: endpointId, ...values })
      .onConflict((conflict) => conflict.column('endpoint_id').doUpdateSet(values));
    await this.write(() => void this.run(query));
  }

  enrolment(endpointId: string): Promise<Enrolment | undefined> {
    const query = this.db.selectFrom('enrolments').selectAll().where('endpoint_id', '=', endpointId);
    return this.read(async () => (await query.execute()).map(enrolmentOf)[0]);
  }

  async takeEnrolment(endpointId: string, secretHash: string): Promise<boolean> {
    const query = this.db
      .deleteFrom('enrolments')
      .where('endpoint_id', '=', endpointId)
      .where('secret_hash', '=', secretHash);
    let taken = 0;
    await this.write(() => {
      taken = this.run(query);
    });
    return taken > 0;
  }

  async addRevocation(revocation: Omit<RevocationRecord, 'sequence'>): Promise<RevocationRecord> {
    const { at, endpointId, serialNumber } = revocation;
    const row = { at, endpoint_id: endpointId, serial_number: serialNumber ?? null };
    const newest = this.db.selectFrom('revocations').select('sequence').orderBy('sequence', 'desc').limit(1);
    let sequence = 0;
    await this.write(() => {
      sequence = ((this.find(newest) as { sequence: number } | undefined)?.sequence ?? 0) + 1;
      this.run(this.db.insertInto('revocations').values({ sequence, ...row }));
    });
    return { sequence, ...revocation };
  }

  revocations(after: number): Promise<readonly RevocationRecord[]> {
    const query = this.db.selectFrom('revocations').selectAll().where('sequence', '>', after).orderBy('sequence');
    return this.read(async () => (await query.execute()).map(revocationOf));
  }

  async putOperator({ name, role, passwordHash, changedAt }: OperatorAccount): Promise<void> {
    const values = { role, password_hash: passwordHash, changed_at: changedAt };
    const query = this.db
      .insertInto('operators')
      .values({ name, ...values })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(values));
    await this.write(() => void this.run(query));
  }

  operator(name: string): Promise<OperatorAccount | undefined> {
    const query = this.db.selectFrom('operators').selectAll().where('name', '=', name);
    return this.read(async () => (await query.execute()).map(operatorOf)[0]);
  }

  operators(): Promise<readonly OperatorAccount[]> {
    const query = this.db.selectFrom('operators').selectAll().orderBy('name');
    return this.read(async () => (await query.execute()).map(operatorOf));
  }

  async forgetOperator(name: string): Promise<boolean> {
    let removed = 0;
    await this.write(() => {
      removed = this.run(this.db.deleteFrom('operators').where('name', '=', name));
    });
    return removed > 0;
  }

  async ownSecret(name: string): Promise<Uint8Array> {
    const query = this.db.selectFrom('own_secrets').selectAll().where('name', '=', name);
    const known = () => this.read(async () => (await query.execute()).map((row) => this.vault.ownSecretOf(row))[0]);
    const before = await known();
    if (before) return before;
    const row = await this.vault.ownSecretRow(name, randomBytes(ownSecretLength));
    const insert = this.db.insertInto('own_secrets').values(row);
    // Of several who make it at once, the first one's is everybody's.
    await this.write(() => void this.run(insert.onConflict((conflict) => conflict.column('name').doNothing())));
    const made = await known();
    if (!made) throw new RangeError(`${name} was not kept`);
    return made;
  }
}

const ownSecretLength = 32;
