import type { Control } from '@sluice/control';
import type { Log } from '@sluice/io';
import type { GatewayNews } from './driver-ports.ts';

/** Whom news of gateways concerns. Control and the drivers need each other; it is asked for when there is news. */
export interface NewsPorts {
  readonly control: () => Control | undefined;
  readonly log: Log;
  readonly lifetime: AbortSignal;
}

/** Turns what drivers learn into what control acts on. */
export function gatewayNews({ control, log, lifetime }: NewsPorts): GatewayNews {
  return {
    cameBack(gatewayId, why) {
      control()
        ?.gatewayCameBack(gatewayId, lifetime)
        .then(
          (result) => log.info({ gatewayId, why, ...result }, 'gateway put right'),
          (error: unknown) => log.warn({ gatewayId, why, error: String(error) }, 'gateway not put right'),
        );
    },
    lost(gatewayId, reason) {
      log.info({ gatewayId, reason }, 'gateway offline');
      control()?.gatewayLost(gatewayId);
    },
    openingsGone: (gatewayId, openingIds) => control()?.openingsGone(gatewayId, openingIds),
  };
}
