import { type IpAddress, isUnicastHost, prefixContains, type Refusal, refuse, type StartNotice } from '@sluice/model';
import type { Consent } from '../consent/consent.ts';
import type { Networks } from '../home/networks.ts';
import type { Policy } from './policy.ts';
import { isReservedInPrefix } from './reserved.ts';

/** A "no" of the policy, or undefined where it agrees. */
export type Verdict = Refusal | undefined;

/** Whether a controller may open and close. */
export function judgeController(policy: Policy, endpointId: string): Verdict {
  const entry = policy.controllers?.find((controller) => controller.endpointId === endpointId);
  if (entry?.right === 'open') return undefined;
  const may = entry ? 'may only read' : 'is not named in the policy of this gateway';
  return refuse('not-permitted', `${endpointId} ${may}`);
}

/** Whether what was opened this way may stay open. */
export function judgeConsented(policy: Policy, owner: string, by: Consent['by']): Verdict {
  if (policy.consent === 'off' || by === 'signed') return undefined;
  if (by === 'flow' && policy.consent === 'preferred') return undefined;
  if (by === 'operator' && policy.controllers?.some((entry) => entry.endpointId === owner && entry.withoutRequest))
    return undefined;
  return refuse('consent-missing', 'it was opened without what the policy asks for');
}

/** Whether an opening may point at this address: one device in the home, never the gateway itself. */
export function judgeTarget(policy: Policy, networks: Networks, address: IpAddress): Verdict {
  if (!isUnicastHost(address)) return refuse('address-not-unicast', `${address} is no single device`);
  if (networks.own.has(address)) return refuse('target-is-gateway', `${address} is the gateway itself`);
  if (networks.local.some((prefix) => isReservedInPrefix(prefix, address)))
    return refuse('address-not-unicast', `${address} stands for its whole network`);
  const home = policy.localPrefixes ?? networks.local;
  if (home.some((prefix) => prefixContains(prefix, address))) return undefined;
  return refuse('local-address-outside-home', `${address} lies in no network of this home`);
}

/** Whether an opening may point at this port of a device. */
export function judgeLocalPort(policy: Policy, port: number): Verdict {
  const { allow, deny } = policy.localPorts;
  if (allow.includes(port)) return undefined;
  if (port < 1024) return refuse('port-denied', `local port ${port} is below 1024 and the policy does not name it`);
  return deny.includes(port) ? refuse('port-denied', `local port ${port} is on the deny list`) : undefined;
}

/** Whether packets may come from this address; undefined stands for any. */
export function judgeRemote(policy: Policy, networks: Networks, address: IpAddress | undefined): Verdict {
  if (address === undefined) {
    if (policy.anyRemote) return undefined;
    return refuse('remote-denied', 'an opening names the one remote address that may send; the policy allows no other');
  }
  if (!isUnicastHost(address)) return refuse('address-not-unicast', `${address} is no single remote host`);
  if (networks.local.some((prefix) => prefixContains(prefix, address)))
    return refuse('remote-denied', `${address} lies inside the home`);
  if (!policy.remotePrefixes || policy.remotePrefixes.some((prefix) => prefixContains(prefix, address)))
    return undefined;
  return refuse('remote-denied', `${address} is in none of the remote prefixes of the policy`);
}

/** Whether this gateway may tell the media server: the household lets it, and the streams come from there. */
export function judgeStart(policy: Policy, start: StartNotice | undefined, remote: IpAddress | undefined): Verdict {
  if (!start) return undefined;
  if (policy.mediaStarts === 'refused')
    return refuse(
      'not-permitted',
      'this gateway tells no media server to start; its policy may permit it (mediaStarts)',
    );
  if (start.mediaServer.address === remote) return undefined;
  return refuse('not-permitted', `${start.mediaServer.address} is not where the stream comes from`);
}

/** Whether a lease of so many seconds may be given; 0 is one without end. */
export function judgeLease(policy: Policy, seconds: number): Verdict {
  if (seconds === 0) {
    if (policy.staticLeases) return undefined;
    return refuse('lease-too-long', 'an opening has an end: give LeaseDuration, in seconds');
  }
  if (seconds <= policy.longestLeaseSeconds) return undefined;
  return refuse('lease-too-long', `${seconds} s is longer than the ${policy.longestLeaseSeconds} s of the policy`);
}

/** Whether a controller may have so many openings. */
export function judgeOwnCount(policy: Policy, endpointId: string, own: number): Verdict {
  const most = policy.controllers?.find((controller) => controller.endpointId === endpointId)?.openings;
  if (most === undefined || own <= most) return undefined;
  return refuse('quota-exceeded', `${endpointId} holds at most ${most} openings here`);
}

/** Whether there may be so many openings in all, and to this device where there is one. */
export function judgeCount(policy: Policy, device: IpAddress | undefined, toDevice: number, inAll: number): Verdict {
  if (inAll > policy.openings)
    return refuse('quota-exceeded', `this gateway holds at most ${policy.openings} openings`);
  if (device === undefined || toDevice <= policy.openingsPerDevice) return undefined;
  return refuse('quota-exceeded', `${device} has at most ${policy.openingsPerDevice} openings`);
}

/** Whether a content request that reached this portal address may stand for the device's wish. */
export function judgePortal(policy: Policy, portal: IpAddress): Verdict {
  if (!policy.portals || policy.portals.includes(portal)) return undefined;
  return refuse('path-mismatch', `${portal} is no portal of this gateway's policy`);
}
