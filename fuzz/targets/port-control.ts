import { familyOf } from '@sluice/model';
import { buildNatPmpRequest, buildNatPmpResponse, parseNatPmpRequest, parseNatPmpResponse } from '@sluice/wire/natpmp';
import {
  anyAddress,
  buildPcpRequest,
  buildPcpResponse,
  longestPcpMessage,
  otherVersionIn,
  type PcpBody,
  type PcpOption,
  type PcpResponse,
  parsePcpRequest,
  parsePcpResponse,
  pcpAddress,
} from '@sluice/wire/pcp';
// What the driver makes of an answer, without its socket.
import { grantIn } from '../../packages/drivers/pcp/grant.ts';
import { promise, promiseSame, refused, type Target, taken } from '../target.ts';

const address = pcpAddress(Uint8Array.of(198, 51, 100, 7));
const mapping = {
  nonce: Uint8Array.from({ length: 12 }, (_, at) => 0x10 + at),
  protocol: 17,
  internalPort: 40_000,
  externalPort: 40_000,
  externalAddress: anyAddress(4),
};
const bodies: readonly PcpBody[] = [
  { kind: 'announce' },
  { kind: 'map', mapping },
  { kind: 'peer', mapping, remotePort: 5004, remoteAddress: address },
  { kind: 'other', opcode: 3, octets: new Uint8Array(8) },
];
const options: readonly PcpOption[] = [
  { kind: 'third-party', address },
  { kind: 'filter', prefixLength: 128, port: 5004, address },
  { kind: 'prefer-failure' },
  { kind: 'other', code: 128, octets: Buffer.from('sluic') },
];
const head = { result: 0, lifetime: 3600, epoch: 70 };

/** PCP datagrams, at a gateway and at who asks it: `parsePcpRequest`, `parsePcpResponse`. */
export const pcp: Target = {
  name: 'pcp',
  mostBytes: 2 * longestPcpMessage,
  seeds: bodies.flatMap((body) => {
    const heeded = body.kind === 'other' ? [] : options;
    return [
      buildPcpRequest({ lifetime: 120, clientAddress: address, body, options: heeded }),
      buildPcpResponse({ ...head, body, options: heeded }),
    ];
  }),
  nearSeeds: [Uint8Array.of(0, 0x81, 0, 1, 0, 0, 0, 16)],
  words: [],
  mutators: [],
  feed(input) {
    const request = parsePcpRequest(input);
    const response = parsePcpResponse(input);
    promise(!(request && response), 'a message is a request or a response');
    const version = otherVersionIn(input);
    promise(version === undefined || !(request || response), 'what is of another version is not of ours');
    const value = request ?? response;
    if (!value) return refused(version === undefined ? 'none' : `version ${version}`);
    const build = () => (request ? buildPcpRequest(request) : response ? buildPcpResponse(response) : input);
    const bytes = build();
    promise(bytes.length <= input.length, 'what was read is not longer when written');
    const again = request ? parsePcpRequest(bytes) : parsePcpResponse(bytes);
    promise(again !== undefined, 'what was read can be written and read again');
    promiseSame(build(), bytes, 'a message stays the same when written and read');
    if (response) judge(response);
    return taken(`${request ? 'request' : 'response'} ${value.body.kind} ${value.options.map(({ kind }) => kind)}`);
  },
};

const wished = {
  id: 's1-0',
  streamType: 'udp',
  remote: { address: '198.51.100.7', port: 5004 },
  local: { address: '192.168.1.2', port: 40_000 },
  globalPort: 40_000,
  until: 1_000_000,
} as const;

/** No answer makes an opening wider than it was asked for, or one that lasts for ever. */
function judge(response: PcpResponse): void {
  const grant = grantIn({ opening: wished, seconds: 120 }, '192.168.1.2', response);
  if ('code' in grant) return;
  const { remote, global, globalPort, local, lacks } = grant;
  promise(remote === wished.remote && lacks === undefined, 'who may send is as it was asked');
  promise(globalPort === wished.globalPort && global.port === globalPort, 'the port is the one that was asked for');
  promise(familyOf(global.address) === 4 && local.port === wished.local.port, 'it is of IPv4, to the device');
  promise(grant.until > 0 && grant.until <= wished.until + 86_400_000, 'it ends within a day');
}

/** NAT-PMP datagrams, at a gateway and at who asks it. */
export const natPmp: Target = {
  name: 'nat-pmp',
  mostBytes: 64,
  seeds: [
    buildNatPmpRequest({ kind: 'external-address' }),
    buildNatPmpRequest({ kind: 'map', protocol: 'tcp', internalPort: 5000, externalPort: 6000, lifetime: 7200 }),
    buildNatPmpResponse({ kind: 'external-address', result: 0, epoch: 9, address: Uint8Array.of(203, 0, 113, 1) }),
    buildNatPmpResponse({
      ...{ kind: 'map', result: 0, epoch: 9, protocol: 'udp' },
      ...{ internalPort: 5000, externalPort: 6000, lifetime: 7200 },
    }),
    buildNatPmpResponse({ kind: 'error', result: 5, epoch: 9, opcode: 7 }),
  ],
  words: [],
  mutators: [],
  feed(input) {
    const request = parseNatPmpRequest(input);
    const response = parseNatPmpResponse(input);
    promise(!(request && response), 'a message is a request or a response');
    if (request)
      promiseSame(withoutReserved(input), buildNatPmpRequest(request), 'a request is written as it was read');
    if (response && response.kind !== 'error')
      promiseSame(input, buildNatPmpResponse(response), 'a response is written as it was read');
    if (response?.kind === 'error') promise(response.result !== 0, 'an error is none with the result of a success');
    const value = request ?? response;
    return value ? taken(`${request ? 'request' : 'response'} ${value.kind}`) : refused();
  },
};

/** Octets 2 and 3 of a request to map are reserved, and ignored. */
function withoutReserved(input: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(input);
  bytes.fill(0, 2, 4);
  return bytes;
}
