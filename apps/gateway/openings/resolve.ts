import type { KernelOpening } from '@sluice/kernel';
import { familyOf, type IpAddress, isPort, type RequestFlow, refuse, transportOf } from '@sluice/model';
import { errorCode, pinholeTable, portMappingTable } from '@sluice/wire/usp';
import type { MessageConsent } from '../consent/judge.ts';
import { findInterface, globalAddress, interfaceTable, type Networks } from '../home/networks.ts';
import type { Policy } from '../policy/policy.ts';
import { judgeLocalPort, judgePortal, judgeStart, type Verdict } from '../policy/verdicts.ts';
import { type Fault, faultOf } from './fault.ts';
import { type OpeningTable, streamTypeWanted, transportWanted, type Wanted } from './wanted.ts';

/** What the gateway knows besides the row itself. */
export interface Surroundings {
  readonly policy: Policy;
  /** Whether IPv4 addresses are translated here; where not, IPv4 openings are pinholes too. */
  readonly translates: boolean;
  readonly networks: Networks;
  readonly paused: boolean;
  /** What the policy says of a device and of a remote address; rows of one message mostly share them. */
  judgeTarget(address: IpAddress): Verdict;
  judgeRemote(address: IpAddress | undefined): Verdict;
  /** The device whose request left in this flow, by the translation table; asked once a flow. */
  sender(flow: RequestFlow): IpAddress | undefined;
  /** The global address that it left from, by the same table. */
  leftFrom(flow: RequestFlow): IpAddress | undefined;
  /** The hardware address under an address of the home, where it is known. */
  deviceOf(address: IpAddress): string | undefined;
  /** Of the message that the row is part of. */
  readonly consent: MessageConsent;
}

/** What the kernel is to hold for a row, all but the tag. */
export type ResolvedPath = Omit<KernelOpening, 'tag'>;

/** Works out the path that an enabled row stands for, and asks the policy about each end of it. */
export function resolvePath(
  table: OpeningTable,
  wanted: Wanted,
  globalPort: number,
  around: Surroundings,
): { readonly path: ResolvedPath; readonly interface: string } | { readonly fault: Fault } {
  const refused = (verdict: Verdict, parameter?: string) =>
    verdict ? { fault: faultOf(verdict, parameter) } : undefined;
  const { policy, networks } = around;
  const { remotePort } = wanted;
  const isEsp = transportWanted(wanted) === 'esp';
  const localPort = isEsp ? (wanted.localPort ?? 0) : wanted.localPort;
  if (around.paused) return { fault: faultOf(refuse('paused', 'the household has paused remote opening')) };
  const mismatch = judgeTypes(wanted) ?? judgeTable(table, wanted, around);
  if (mismatch) return { fault: mismatch };
  const portless = isEsp ? judgePortless(wanted, localPort) : undefined;
  if (portless) return portless;
  if (localPort === undefined || (!isEsp && !isPort(localPort)))
    return { fault: faultOf(refuse('port-invalid', 'an opening names the local port, 1 to 65535')) };
  const early =
    refused(around.judgeRemote(wanted.remoteAddress)) ??
    (isEsp ? undefined : refused(judgeLocalPort(policy, localPort))) ??
    refused(judgeStart(policy, wanted.start, wanted.remoteAddress));
  if (early) return early;
  const device = findDevice(table, wanted, around);
  if ('fault' in device) return device;
  const local = { address: device.address, port: localPort };
  const outside =
    table === pinholeTable ? { ...device, interface: wanted.interface } : findGlobalAddress(wanted, around);
  if ('fault' in outside) return outside;
  const wan = findWan(outside.interface, networks);
  if (typeof wan === 'object') return wan;
  return {
    interface: outside.interface,
    path: {
      ...(wan !== undefined && { wan }),
      streamType: streamTypeWanted(wanted),
      ...(wanted.payloadType === undefined ? {} : { payloadType: wanted.payloadType }),
      remote: {
        ...(wanted.remoteAddress === undefined ? {} : { address: wanted.remoteAddress }),
        ...(remotePort === undefined || isEsp ? {} : { port: remotePort }),
      },
      global: { address: outside.address, port: table === pinholeTable ? localPort : globalPort },
      local,
    },
  };
}

/** ESP has no ports, and is for one named peer. */
function judgePortless({ remoteAddress, remotePort, globalPort }: Wanted, localPort: number | undefined) {
  if (remoteAddress === undefined)
    return { fault: faultOf(refuse('remote-denied', 'ESP is let in from one named peer alone')) };
  if (!localPort && !remotePort && !globalPort) return undefined;
  return { fault: faultOf(refuse('port-invalid', 'ESP has no ports: they are 0, or left out')) };
}

function judgeTypes(wanted: Wanted): Fault | undefined {
  const conflict = (message: string) => ({ code: errorCode.valueConflict, message });
  const type = streamTypeWanted(wanted);
  if (transportOf(type) !== transportWanted(wanted))
    return conflict(`a stream of type ${type} does not run over ${transportWanted(wanted)}`);
  if (wanted.payloadType !== undefined && type !== 'rtp')
    return conflict('a payload type belongs to stream type rtp alone');
  return undefined;
}

/** Port mappings are for IPv4 where it is translated, pinholes for what is not. */
function judgeTable(table: OpeningTable, wanted: Wanted, { translates }: Surroundings): Fault | undefined {
  const conflict = (message: string) => ({ code: errorCode.valueConflict, message });
  if (table === portMappingTable)
    return translates ? undefined : conflict('nothing is translated here: an opening is a pinhole');
  const families = [wanted.remoteAddress, wanted.localAddress].flatMap((address) => (address ? familyOf(address) : []));
  if (new Set(families).size > 1) return conflict('a pinhole is for one IP version');
  if (translates && families.includes(4)) return conflict('IPv4 is translated here: its openings are port mappings');
  return undefined;
}

/** By which interface packets come where there are several: the one that is named. Undefined for any. */
function findWan(reference: string, networks: Networks): string | undefined | { fault: Fault } {
  if (reference === '' || networks.interfaces.filter(({ side }) => side === 'wan').length < 2) return undefined;
  const found = findInterface(networks, reference);
  if (found?.side === 'wan') return found.name;
  return { fault: { code: errorCode.invalidConfiguration, message: `${reference} is no interface of the WAN side` } };
}

/** The interface that a port mapping is on: the one it names, else the one its request left by, else the first with an address. */
function findGlobalAddress(
  wanted: Wanted,
  { networks, leftFrom }: Surroundings,
): { address: IpAddress; interface: string } | { fault: Fault } {
  const invalid = (message: string) => ({ fault: { code: errorCode.invalidConfiguration, message } });
  const wans = networks.interfaces.flatMap((candidate, index) => {
    const address = candidate.side === 'wan' ? globalAddress(candidate, 4) : undefined;
    return address === undefined ? [] : [{ address, interface: `${interfaceTable}${index + 1}` }];
  });
  if (wanted.interface !== '' && !wanted.allInterfaces) {
    const named = wans.find((wan) => wan.interface === wanted.interface);
    return named ?? invalid(`${wanted.interface} is no interface of the WAN side with an IPv4 address`);
  }
  if (wanted.allInterfaces && wans.length > 1) return invalid('an opening is on one interface; name it in Interface');
  // Where the portal saw another translation further out, the gateway's own table tells.
  const by = (address: IpAddress | undefined) => wans.find((wan) => wan.address === address);
  const { flow } = wanted;
  const chosen = (flow && (by(flow.observed.address) ?? by(leftFrom(flow)))) ?? wans[0];
  if (!chosen) return invalid('no interface of the WAN side has an IPv4 address now');
  return { ...chosen, interface: wanted.allInterfaces ? wanted.interface : chosen.interface };
}

/** The device a row points at: the one it names, checked against the flow its request left in, or the one behind that flow. */
function findDevice(
  table: OpeningTable,
  wanted: Wanted,
  around: Surroundings,
): { address: IpAddress } | { fault: Fault } {
  const { localAddress: named, flow } = wanted;
  const judged = (address: IpAddress) => {
    const verdict = around.judgeTarget(address);
    return verdict ? { fault: faultOf(verdict) } : { address };
  };
  if (!flow) {
    if (named !== undefined) return judged(named);
    return {
      fault: faultOf(refuse('device-not-found', 'neither a local address nor the flow of the request is named')),
    };
  }
  const verdict = judgePortal(around.policy, flow.portal.address);
  if (verdict) return { fault: faultOf(verdict) };
  const behind = around.sender(flow);
  if (named === undefined) {
    const { remoteAddress } = wanted;
    const untranslated = around.translates || remoteAddress === undefined ? 6 : familyOf(remoteAddress);
    const family = table === portMappingTable ? 4 : untranslated;
    if (behind !== undefined && familyOf(behind) === family) return judged(behind);
    return {
      fault: faultOf(refuse('device-not-found', 'no device of this home has the flow that the request came in')),
    };
  }
  const device = behind !== undefined && behind !== named ? around.deviceOf(behind) : undefined;
  if (behind !== undefined && behind !== named && (device === undefined || device !== around.deviceOf(named)))
    return { fault: faultOf(refuse('path-mismatch', `the request came from another device than ${named}`)) };
  return judged(named);
}
