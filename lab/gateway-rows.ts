import { promiseNames } from '@sluice/model';
import type { BuiltNetwork } from './build.ts';
import { cpeRegistration, startCwmpCpe } from './foreign/cwmp-cpe.ts';
import type { ForeignGateway, GatewayRow } from './foreign/gateway-row.ts';
import { linuxGatewayRow } from './foreign/linux-gateway.ts';
import { startMiniupnpd } from './foreign/miniupnpd.ts';
import { uspCpeRow } from './foreign/usp-cpe.ts';
import { publicLookingInternet } from './topologies/pieces.ts';

/** Debian's miniupnpd speaks three of them. */
async function miniupnpd(network: BuiltNetwork, host: string, signal: AbortSignal): Promise<ForeignGateway> {
  const options = { namespace: network.namespace(host), wan: 'wan0', lan: 'lan0', home: '192.168.1.0/24' };
  const gateway = await startMiniupnpd(options, signal);
  return {
    // An opening is a rule that admits and, over IPv4, one that translates besides.
    openings: async (signal) => (await gateway.rules(signal)).filter((rule) => /\baccept\b/.test(rule)).length,
    async reboot(signal) {
      await gateway.kill(signal);
      await gateway.wipe(signal);
      if ((await gateway.rules(signal)).length > 0) throw new Error('miniupnpd lost nothing');
      await gateway.start(signal);
    },
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  };
}

const inHome = {
  internet: publicLookingInternet,
  communication: () => ({ through: 'appliance' }),
  start: miniupnpd,
} as const;

const acsPort = 7547;

/** A device that speaks TR-069, with one of the two data models. */
export function cwmpRow(model: 'tr-098' | 'tr-181'): GatewayRow {
  return {
    type: 'cwmp',
    // It is woken, and asked one thing after the other.
    server: { cwmp: { port: acsPort }, limits: { exchangeMs: 10_000, verdictMs: 20_000 } },
    communication: (_network, host) => cpeRegistration(host),
    start: (network, host, signal) => startCwmpCpe({ network, host, model, acsPort }, signal),
  };
}

/** The table of foreign gateways, one row a type. */
export const gatewayRows: readonly GatewayRow[] = [
  { type: 'igd', ...inHome },
  // It answers FILTER with success and lets everyone in; NAT-PMP has no filter at all.
  { type: 'pcp', ...inHome, weaker: promiseNames.filter((name) => name !== 'lease') },
  { type: 'nat-pmp', ...inHome, weaker: promiseNames.filter((name) => name !== 'lease') },
  cwmpRow('tr-181'),
  uspCpeRow,
  linuxGatewayRow(),
];

/** The row of a type; undefined for our own agent. Throws RangeError on a type that has none. */
export function gatewayRow(type: string): GatewayRow | undefined {
  if (type === 'sluice') return undefined;
  const row = gatewayRows.find((each) => each.type === type);
  if (row) return row;
  throw new RangeError(`--gateway is one of ${gatewayTypes.join(', ')}.`);
}

/** What `--gateway` may say. */
export const gatewayTypes: readonly string[] = ['sluice', ...gatewayRows.map(({ type }) => type)];
