import { randomBytes } from 'node:crypto';
import { joinDeployment } from '@sluice/identity';
import { type Log, systemClock } from '@sluice/io';
import type { ScreenConfig } from './config.ts';
import { connectPortal, followDeployment, realSurroundings } from './connect.ts';
import { serveOnLoopback, serveOnSocket } from './io/listen.ts';
import { readPageFiles } from './screen/page-files.ts';
import { portalPages } from './screen/portal-pages.ts';
import { screenRoutes } from './screen/routes.ts';
import { openShow } from './screen/show.ts';
import { emptyStage } from './screen/stage.ts';

/** A screen that serves. Disposing of it leaves what is on and stops serving. */
export interface RunningScreen extends AsyncDisposable {
  readonly socket?: string;
  readonly port?: number;
}

/** Starts an appliance's screen; resolves when it serves. Throws when the identity cannot be read or it cannot listen. */
export async function runScreen(config: ScreenConfig, log: Log, signal: AbortSignal): Promise<RunningScreen> {
  const ending = new AbortController();
  await using started = new AsyncDisposableStack();
  const own = started.use(await joinDeployment({ directory: config.identity, clock: systemClock, log }));
  started.defer(() => ending.abort(new Error('the screen ends')));
  const { portal } = started.use(connectPortal(config.portal, own, config.family, config.gateway));
  const stage = started.use(emptyStage());
  const { localAddresses, protection } = config;
  const app = screenRoutes(
    {
      pages: portalPages(portal),
      files: readPageFiles(),
      stage,
      token: randomBytes(16).toString('hex'),
      show: (contentId, gatewayType) =>
        openShow(portal, { contentId, gatewayType, localAddresses, protection }, realSurroundings, log),
    },
    signal,
  );
  started.defer(() => app.close());
  await app.ready();
  const { socket, port: wanted } = config.listen;
  if (socket !== undefined) started.use(await serveOnSocket(socket, app.routing));
  const { port } = wanted === undefined ? {} : started.use(await serveOnLoopback(wanted, app.routing));
  const { configurationServer } = config;
  if (configurationServer !== undefined)
    void followDeployment(configurationServer, own, AbortSignal.any([signal, ending.signal]));
  const running = started.move();
  log.info({ socket, port, portal: config.portal }, 'serving');
  return {
    ...(socket !== undefined && { socket }),
    ...(port !== undefined && { port }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
