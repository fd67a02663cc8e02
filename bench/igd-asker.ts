/**
 * Runs on a host behind miniupnpd: opens and closes one mapping in turns, by bare exchanges over a socket and through our
 * driver, and prints the milliseconds of each as one line of JSON.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { igdDriver } from '@sluice/drivers/igd';
import { askDevice, homeNetwork, searchLink, systemClock } from '@sluice/io';
import type { Gateway, GrantedOpening, Opening } from '@sluice/model';
import {
  type ActionRequest,
  addPortMapping,
  buildRequest,
  deletePortMapping,
  getListOfPortMappings,
  getSpecificPortMapping,
  soapActionOf,
} from '@sluice/wire/igd';

const [server = '', device = '', host = '', port = '', rounds = '', warmUp = ''] = process.argv.slice(2);
const service = 'urn:schemas-upnp-org:service:WANIPConnection:2';
const mapping = {
  remoteHost: server,
  externalPort: 5001,
  protocol: 'udp' as const,
  internalPort: 5001,
  internalClient: device,
  enabled: true,
  description: 'bare',
  leaseSeconds: 120,
};

/** One exchange with nothing around it. */
async function ask(request: ActionRequest): Promise<void> {
  const body = buildRequest(request);
  const socket = connect({ host, port: Number(port), noDelay: true });
  let answer = '';
  socket.on('data', (piece) => {
    answer += piece.toString('latin1');
  });
  socket.end(
    `POST /ctl/IPConn HTTP/1.1\r\nHost: ${host}:${port}\r\nContent-Type: text/xml; charset="utf-8"\r\nSOAPACTION: ${soapActionOf(request)}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  await once(socket, 'close');
  // Looking where nothing stands is error 714.
  if (!/^HTTP\/1\.1 (200|500) /.test(answer)) throw new Error(answer.slice(0, 200));
}

const signal = AbortSignal.timeout(120_000);
const gateway: Gateway = { gatewayId: 'bench', type: 'igd', communication: {} };
const driver = igdDriver({
  clock: systemClock,
  home: homeNetwork,
  http: askDevice,
  search: searchLink,
  random: Math.random,
  lost() {},
});
const session = await driver.connect(gateway, signal);
await session.addresses(signal);

async function apply(parts: {
  open?: Opening[];
  close?: readonly GrantedOpening[];
}): Promise<readonly GrantedOpening[]> {
  const change = { gateway, open: [], renew: [], close: [], ...parts };
  const [step] = driver.plan(change, undefined, systemClock.now()).steps;
  if (!step) throw new Error('nothing to do');
  const outcome = await session.apply(step, signal);
  if (outcome.kind !== 'applied') throw new Error(JSON.stringify(outcome));
  return outcome.granted;
}

const times: Record<'add' | 'exchanges' | 'ours', number[]> = { add: [], exchanges: [], ours: [] };
for (let round = -Number(warmUp); round < Number(rounds); round++) {
  const opening: Opening = {
    id: `bench-${round + 1_000}`,
    streamType: 'udp',
    remote: { address: server, port: 7000 },
    local: { address: device, port: 5000 },
    globalPort: 5000,
    until: systemClock.now() + 120_000,
    mayLack: ['remotePort'],
  };
  const begun = performance.now();
  await ask(getSpecificPortMapping(service, mapping));
  const looked = performance.now();
  await ask(addPortMapping(service, mapping));
  const added = performance.now();
  await ask(getListOfPortMappings(service, { from: 5001, to: 5001, protocol: 'udp', most: 0 }));
  const read = performance.now();
  await ask(deletePortMapping(service, mapping));
  const before = performance.now();
  const granted = await apply({ open: [opening] });
  const after = performance.now();
  await apply({ close: granted });
  if (round < 0) continue;
  times.add.push(added - looked);
  times.exchanges.push(read - begun);
  times.ours.push(after - before);
}
process.stdout.write(`${JSON.stringify(times)}\n`);
