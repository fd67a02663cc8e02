import type { Audit } from '@sluice/audit';
import type { GatewayNews } from '../driver-ports.ts';

/** News of gateways that are accounted for before they are acted on. */
export function accountedNews(news: GatewayNews, audit: Audit): GatewayNews {
  return {
    ...news,
    cameBack(gatewayId, why) {
      audit.note('gateway-online', { gateway: gatewayId, why });
      return news.cameBack(gatewayId, why);
    },
    lost(gatewayId, reason) {
      audit.note('gateway-offline', { gateway: gatewayId, why: reason });
      news.lost(gatewayId, reason);
    },
  };
}
