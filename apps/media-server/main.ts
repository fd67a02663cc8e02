import { createReadStream } from 'node:fs';
import { remoteAuthority } from '@sluice/api';
import { clientTls, joinDeployment, peerIdentity, serverTls } from '@sluice/identity';
import { httpsPeer, type Log, type PartsBeside, placeOf, serveHttps, systemClock } from '@sluice/io';
import { mediaServerApi } from './api.ts';
import type { ServedContent } from './catalogue.ts';
import type { MediaServerConfig } from './config.ts';
import type { ReadyContent } from './contents/content.ts';
import { ownContents } from './contents/own.ts';
import { standardContents } from './contents/standard.ts';
import { keptWorkshop } from './io/kept-workshop.ts';
import { monotonicClock } from './io/monotonic-clock.ts';
import { openStreamPorts } from './io/stream-ports.ts';
import { AwaitedStarts } from './sending/awaited.ts';
import { Pacer } from './sending/pacer.ts';
import { Starts } from './sending/starts.ts';

/** A media server that serves. Disposing of it says goodbye to every viewer and closes its ports. */
export interface RunningMediaServer extends AsyncDisposable {
  /** Of the control API. */
  readonly port: number;
  readonly contents: readonly ServedContent[];
}

/** Makes and packetises what is to be sent, unless that was done before; resolves with all of it. */
export async function prepareContents(
  config: MediaServerConfig,
  log: Log,
  signal: AbortSignal,
): Promise<readonly ReadyContent[]> {
  const workshop = keptWorkshop(config.mediaDirectory, config.limits.largestMegabytes * 1e6, signal);
  const standard = await standardContents(workshop, config);
  if (config.ownDirectory === undefined) return standard;
  const taken = standard.map(({ contentId }) => contentId);
  return [...standard, ...(await ownContents(workshop, config.ownDirectory, taken, log))];
}

/**
 * Starts a media server; resolves when it serves. Throws when the identity cannot be read, media cannot be made, or a port
 * cannot be had. `signal` ends the preparing only; disposing ends the rest. `beside` are the other parts of its process.
 */
export async function runMediaServer(
  config: MediaServerConfig,
  log: Log,
  signal: AbortSignal,
  beside?: PartsBeside,
): Promise<RunningMediaServer> {
  await using started = new AsyncDisposableStack();
  const own = started.use(await joinDeployment({ directory: config.identity, clock: systemClock, log }));
  const ready = await prepareContents(config, log, signal);
  const contents = await openStreamPorts(ready, config.addresses, config.firstPort, started);
  const needs = {
    pacer: new Pacer(monotonicClock),
    clock: monotonicClock,
    wall: systemClock,
    random: secureRandom,
    readFile: ({ path }: { readonly path: string }, ending: AbortSignal) => createReadStream(path, { signal: ending }),
    log,
    limits: config.limits,
  };
  const starts = new Starts(contents, needs, config.limits.starts, config.protection);
  started.defer(() => starts.stopAll());
  const app = mediaServerApi(
    contents,
    starts,
    new AwaitedStarts(contents, starts, monotonicClock),
    monotonicClock,
    log,
  );
  started.defer(() => app.close());
  await app.ready();
  const tls = serverTls(own.identity);
  const { port, door } = started.use(await serveHttps(app.routing, { ...config.listen, tls, secure: own.secure }));
  if (beside) started.use(beside.open('media-server', door));
  if (config.configurationServer !== undefined) {
    const ending = new AbortController();
    const peer = started.use(
      httpsPeer({
        ...placeOf(config.configurationServer, 'configuration-server', beside),
        tls: clientTls(own.identity),
        accepts: (socket) => own.watch.admits(socket) && peerIdentity(socket)?.role === 'configuration-server',
      }),
    );
    started.defer(() => ending.abort(new Error('the media server ends')));
    void own.follow(remoteAuthority({ name: 'configuration server', peer, clock: systemClock }), ending.signal);
  }
  const running = started.move();
  log.info({ port, contents: contents.map(({ content }) => content.contentId) }, 'serving');
  return { port, contents, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** 0 to 1, unpredictable: who can guess an SSRC can forge reports about it. */
function secureRandom(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;
}
