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
  const putRight = async (about: object, work: Promise<object> | undefined) => {
    try {
      const result = await work;
      if (result) log.info({ ...about, ...result }, 'gateway put right');
    } catch (error) {
      log.warn({ ...about, error: String(error) }, 'gateway not put right');
    }
  };
  return {
    cameBack: (gatewayId, why) => putRight({ gatewayId, why }, control()?.gatewayCameBack(gatewayId, lifetime)),
    putRight: (gatewayId, why) => putRight({ gatewayId, why }, control()?.gatewayCameBack(gatewayId, lifetime)),
    lost(gatewayId, reason) {
      log.info({ gatewayId, reason }, 'gateway offline');
      control()?.gatewayLost(gatewayId);
    },
    openingsGone: (gatewayId, openingIds) => control()?.openingsGone(gatewayId, openingIds),
    applianceCameBack(applianceId, why) {
      void putRight({ applianceId, why }, control()?.applianceCameBack(applianceId, lifetime));
    },
    applianceLost(applianceId, reason) {
      log.info({ applianceId, reason }, 'appliance offline');
      control()
        ?.applianceLost(applianceId)
        .catch((error: unknown) => log.warn({ applianceId, error: String(error) }, 'an appliance that is gone'));
    },
  };
}
