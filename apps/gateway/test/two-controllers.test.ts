import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '@sluice/io';
import { addRequest, deleteRequest, getRequest, setRequest, type UspAnswer } from '@sluice/wire/usp';
import { runGateway } from '../main.ts';
import { caseOf, configured, controllerOf, deployment, machineInMemory, row } from './on-loopback.ts';

const table = 'Device.NAT.PortMapping.';
const film = `${table}[Alias=="film"].`;

/** Paths of the objects that an answer has. */
function objects(answer: UspAnswer): string[] {
  assert.ok(answer.kind === 'response' && answer.response.case === 'getResp', JSON.stringify(answer));
  return answer.response.value.reqPathResults.flatMap(({ resolvedPathResults }) =>
    resolvedPathResults.map(({ resolvedPath }) => resolvedPath),
  );
}

test("two services at one home neither see nor touch each other's rows", async (t) => {
  const { directory, authority, configuration, signal } = await deployment(t);
  const issued = { endpointId: 'self::configuration-2', role: 'configuration-server', names: ['127.0.0.1'] } as const;
  const second = await authority.issue({ ...issued, names: [...issued.names] });
  const mine = await controllerOf(configuration, signal);
  const theirs = await controllerOf(second, signal);
  const { machine, dataPlane } = machineInMemory();
  const controllers = [
    { endpointId: configuration.endpointId, url: mine.url },
    { endpointId: second.endpointId, url: theirs.url },
  ];
  await using running = await runGateway(configured(directory, { controllers }), silentLog, signal, machine);
  assert.ok(running.controlSocket);
  await Promise.all([mine.turns.online.promise, theirs.turns.online.promise]);

  assert.equal(caseOf(await mine.ask(addRequest([row]))), 'addResp');
  const [path = ''] = objects(await mine.ask(getRequest([film])));
  assert.match(path, /^Device\.NAT\.PortMapping\.\d+\.$/);
  const kernel = () =>
    dataPlane.read().map(({ remainingMs, ...opening }) => ({ ...opening, long: remainingMs > 30_000 }));
  const held = kernel();
  assert.equal(held.length, 1);

  // Neither by its name, nor by its number, nor in the table, nor as a count, nor in the gateway's whole tree.
  for (const asked of [film, table, 'Device.NAT.', 'Device.'])
    assert.deepEqual(
      objects(await theirs.ask(getRequest([asked]))).filter((found) => found.startsWith(table)),
      [],
      asked,
    );
  // A row that is there for others is told of as one that never was.
  const never = `${table}4711.`;
  const about = async (asked: string) => JSON.stringify(await theirs.ask(getRequest([asked]))).replaceAll(asked, '');
  assert.match(await about(path), /"errCode":7\d{3}/);
  assert.equal(await about(path), await about(never));
  const counted = await theirs.ask(getRequest(['Device.NAT.PortMappingNumberOfEntries']));
  assert.match(JSON.stringify(counted), /"PortMappingNumberOfEntries":"0"/);
  assert.match(
    JSON.stringify(await mine.ask(getRequest(['Device.NAT.PortMappingNumberOfEntries']))),
    /"PortMappingNumberOfEntries":"1"/,
  );

  // Nor does a word of it change what the kernel holds.
  const attempts: Record<string, UspAnswer> = {
    'delete by number': await theirs.ask(deleteRequest([path])),
    'delete by name': await theirs.ask(deleteRequest([film])),
    'set by number': await theirs.ask(setRequest([{ path, values: { LeaseDuration: '1' } }])),
    'set by name': await theirs.ask(setRequest([{ path: film, values: { Enable: 'false' } }])),
    'its global port': await theirs.ask(
      addRequest([{ table, values: { ...row.values, Alias: 'theirs', ExternalPort: `${held[0]?.global.port}` } }]),
    ),
  };
  for (const [attempt, answer] of Object.entries(attempts))
    assert.doesNotMatch(
      JSON.stringify(answer),
      /(updatedInstResults|affectedPaths)":\[[^\]]|instantiatedPath/,
      attempt,
    );
  assert.deepEqual(kernel(), held);

  // The same name is free for a row of one's own, and one's own is what one deletes.
  assert.equal(
    caseOf(await theirs.ask(addRequest([{ ...row, values: { ...row.values, InternalPort: '5002' } }]))),
    'addResp',
  );
  assert.equal(dataPlane.read().length, 2);
  assert.equal(caseOf(await theirs.ask(deleteRequest([film]))), 'deleteResp');
  assert.deepEqual(
    dataPlane.read().map(({ local }) => local.port),
    [5000],
  );
  assert.deepEqual(objects(await mine.ask(getRequest([film]))), [path]);
});
