import type { Caller, DataModel } from '@sluice/usp-agent';
import { mappingProtocol } from '@sluice/wire/usp';
import type { Listeners } from '../device-model/listeners.ts';
import { openingTypes, parametersOf } from './object-types.ts';
import type { Openings } from './openings.ts';
import { portKey, type Row } from './row.ts';
import { openingTables } from './wanted.ts';

/**
 * Device.NAT.PortMapping and Device.Firewall.Pinhole as one part of the data model, so that one message over both is
 * one kernel transaction. A caller sees its own rows alone.
 */
export function openingsModel(openings: Openings, listeners: Listeners): DataModel {
  const { rows } = openings;
  const own = (row: Row | undefined, { endpointId }: Caller) => (row?.owner === endpointId ? row : undefined);
  const read = (object: string, caller: Caller) => {
    const row = own(rows.get(object), caller);
    const shown = row && openings.show(row);
    if (!shown) return undefined;
    const values = new Map<string, string>();
    for (const [name, { write }] of parametersOf[shown.row.table]) values.set(name, write(shown));
    return values;
  };
  return {
    types: openingTypes,
    instances(path, { endpointId }) {
      const table = openingTables.find((candidate) => candidate === path);
      return table ? [...rows.of(endpointId, table).keys()] : [];
    },
    read,
    find(path, key, caller) {
      const table = openingTables.find((candidate) => candidate === path);
      const alias = key.get('Alias');
      if (!table) return undefined;
      if (alias !== undefined) return rows.named(caller.endpointId, table, alias)?.instance;
      const transport = mappingProtocol(key.get('Protocol') ?? '') ?? 'udp';
      const port = portKey(transport, Number(key.get('ExternalPort')), key.get('RemoteHost') || undefined);
      return own(rows.holding(port), caller)?.instance;
    },
    apply: (changes, { endpointId }) => openings.change(changes, endpointId),
    observe: (listener) => listeners.observe(listener),
  };
}
