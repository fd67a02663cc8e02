import type { Log } from '@sluice/io';
import {
  type AgentListener,
  completeOnBoarding,
  ensureSubscriptions,
  type Notification,
  type UspAnswer,
  type UspController,
} from '@sluice/usp-controller';
import type { AddressBook } from '@sluice/usp-gateway';
import type { GatewayNews } from './driver-ports.ts';

/** Whom the news of agents concerns. The controller tells and is asked: it is there when there is news. */
export interface AgentNewsPorts {
  readonly news: GatewayNews;
  readonly controller: () => UspController;
  readonly addressBook: AddressBook;
  readonly log: Log;
  readonly lifetime: AbortSignal;
}

/** What a gateway is asked to tell: its start, its addresses, and openings that end without our doing. */
export const wantedNews = [
  { id: 'sluice-boot', notifType: 'Event', referenceList: 'Device.Boot!' },
  { id: 'sluice-addresses', notifType: 'ValueChange', referenceList: 'Device.IP.Interface.' },
  {
    id: 'sluice-ended',
    notifType: 'Event',
    referenceList: 'Device.NAT.PortMapping.*.X_SLUICE_Ended!,Device.Firewall.Pinhole.*.X_SLUICE_Ended!',
  },
] as const;

/** Turns what agents tell into what control acts on. */
export function agentNews({ news, controller, addressBook, log, lifetime }: AgentNewsPorts): AgentListener {
  /** What the gateway holds is made what it should hold; what it said of its addresses is asked again. */
  function putRight(gatewayId: string, why: string): void {
    addressBook.forget(gatewayId);
    news.cameBack(gatewayId, why);
  }

  /** One exchange beside the way of a request; what comes of it is told to the log alone. */
  async function aside(gatewayId: string, what: string, exchange: Promise<UspAnswer | undefined>): Promise<void> {
    try {
      const answer = await exchange;
      if (answer?.kind !== 'error') return;
      log.warn({ gatewayId, code: answer.code, error: answer.message }, `${what}: refused`);
    } catch (error) {
      log.info({ gatewayId, error: String(error) }, `${what}: the gateway is gone`);
    }
  }

  const subscribe = (gatewayId: string) =>
    aside(gatewayId, 'asking for news', ensureSubscriptions(controller(), gatewayId, wantedNews, lifetime));

  return {
    online({ agentId, versions }) {
      log.info({ gatewayId: agentId, versions }, 'gateway online');
      void subscribe(agentId);
      putRight(agentId, 'online');
    },
    offline(agentId, reason) {
      addressBook.forget(agentId);
      news.lost(agentId, reason);
    },
    booted(agentId, parameters) {
      log.info({ gatewayId: agentId, cause: parameters.Cause }, 'gateway booted');
      void subscribe(agentId);
      putRight(agentId, 'booted');
    },
    notified(agentId, notification) {
      const ended = endedIn(notification);
      if (ended !== undefined) news.openingsGone(agentId, [ended]);
      else if (notification.kind === 'value-change' && notification.parameter.startsWith('Device.IP.Interface.'))
        putRight(agentId, 'addresses changed');
      else if (notification.kind === 'on-board')
        void aside(agentId, 'completing on-boarding', completeOnBoarding(controller(), agentId, lifetime));
      else log.debug({ gatewayId: agentId, kind: notification.kind }, 'gateway told');
    },
    troubled(agentId, code, reason) {
      log.warn({ gatewayId: agentId, code, reason }, 'trouble with a gateway');
    },
  };
}

/** The opening that ended without our asking for it; reason `closed` is our own doing. */
function endedIn(notification: Notification): string | undefined {
  if (notification.kind !== 'event' || notification.event !== 'X_SLUICE_Ended!') return undefined;
  const { Alias, Reason } = notification.parameters;
  return Reason === 'closed' ? undefined : Alias;
}
