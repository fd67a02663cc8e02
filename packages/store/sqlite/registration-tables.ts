import type { Page } from '@sluice/control';
import type { Gateway, PortalRegistration, Registration } from '@sluice/model';
import { pageLength } from './access.ts';
import { portalOf, portalRow, registrationOf, registrationRow } from './rows.ts';
import { StandingTables } from './standing-tables.ts';
import type { Tables } from './tables.ts';

/** The registration database: gateways, the appliances behind them, portals. */
export class RegistrationTables extends StandingTables {
  readonly #gatewayOf = (row: Tables['gateways']): Gateway => this.vault.gatewayOf(row);

  async putGateway(gateway: Gateway): Promise<void> {
    const row = await this.vault.rowOf(gateway);
    await this.write(() => this.statements.putGateway.run(row));
  }

  gateway(gatewayId: string): Promise<Gateway | undefined> {
    return this.first(this.statements.gateway, { gateway_id: gatewayId }, this.#gatewayOf);
  }

  gateways({ after = '', limit = pageLength }: Page = {}): Promise<readonly Gateway[]> {
    const query = this.db.selectFrom('gateways').selectAll().where('gateway_id', '>', after);
    return this.read(async () => (await query.orderBy('gateway_id').limit(limit).execute()).map(this.#gatewayOf));
  }

  async forgetGateway(gatewayId: string): Promise<'forgotten' | 'unknown' | 'in-use'> {
    const behind = this.db.selectFrom('appliances').select('appliance_id').where('gateway_id', '=', gatewayId).limit(1);
    const inner = this.db.selectFrom('gateways').select('gateway_id').where('behind', '=', gatewayId).limit(1);
    let outcome: 'forgotten' | 'unknown' | 'in-use' = 'in-use';
    await this.write(() => {
      if (this.find(behind) !== undefined || this.find(inner) !== undefined) return;
      const removed = this.run(this.db.deleteFrom('gateways').where('gateway_id', '=', gatewayId));
      outcome = removed > 0 ? 'forgotten' : 'unknown';
    });
    return outcome;
  }

  putAppliance(registration: Registration): Promise<void> {
    const row = registrationRow(registration);
    return this.write(() => this.statements.putAppliance.run(row));
  }

  appliance(applianceId: string): Promise<Registration | undefined> {
    return this.first(this.statements.appliance, { appliance_id: applianceId }, registrationOf);
  }

  appliances({ after = '', limit = pageLength }: Page = {}): Promise<readonly Registration[]> {
    const query = this.db.selectFrom('appliances').selectAll().where('appliance_id', '>', after);
    return this.read(async () => (await query.orderBy('appliance_id').limit(limit).execute()).map(registrationOf));
  }

  async forgetAppliance(applianceId: string): Promise<boolean> {
    let removed = 0;
    await this.write(() => {
      removed = this.run(this.db.deleteFrom('appliances').where('appliance_id', '=', applianceId));
    });
    return removed > 0;
  }

  async putPortal(portal: PortalRegistration): Promise<void> {
    const row = portalRow(portal);
    const query = this.db
      .insertInto('portals')
      .values(row)
      .onConflict((conflict) => conflict.column('portal_id').doUpdateSet({ remotes: row.remotes }));
    await this.write(() => void this.run(query));
  }

  portal(portalId: string): Promise<PortalRegistration | undefined> {
    return this.first(this.statements.portal, { portal_id: portalId }, portalOf);
  }

  portals({ after = '', limit = pageLength }: Page = {}): Promise<readonly PortalRegistration[]> {
    const query = this.db.selectFrom('portals').selectAll().where('portal_id', '>', after);
    return this.read(async () => (await query.orderBy('portal_id').limit(limit).execute()).map(portalOf));
  }

  async forgetPortal(portalId: string): Promise<boolean> {
    let removed = 0;
    await this.write(() => {
      removed = this.run(this.db.deleteFrom('portals').where('portal_id', '=', portalId));
    });
    return removed > 0;
  }
}
