import { isDeepStrictEqual } from 'node:util';
import { familyOf, type GatewayAddresses, isPort } from '@sluice/model';
import {
  type CwmpEnvelope,
  CwmpMalformed,
  connectionRequestText,
  readConnectionRequest,
  readEnvelope,
  writeEnvelope,
} from '@sluice/wire/cwmp';
import {
  answerDigest,
  digestResponse,
  parseBasic,
  parseDigestChallenge,
  parseDigestCredentials,
} from '@sluice/wire/http-auth';
import { buildStun, integrityHolds, parseStun, readAddressValue } from '@sluice/wire/stun';
import { tr098Mapping, tr181Mapping, tr181Pinhole } from '../../packages/drivers/cwmp/names.ts';
import type { OpeningTable, Place } from '../../packages/drivers/cwmp/place.ts';
import { culpritOf, refusalOfFault } from '../../packages/drivers/cwmp/refusals.ts';
import { seenRule } from '../../packages/drivers/cwmp/rules.ts';
import { openingOf, seenRow } from '../../packages/drivers/cwmp/seen.ts';
import { rowsIn } from '../../packages/drivers/cwmp/tree.ts';
import { oddInform, plainFault, samples } from '../../packages/wire/cwmp/test/samples.ts';
import { pieces, tokens } from '../mutate/pieces.ts';
import { bytesOf, promise, refused, type Target, taken, textOf } from '../target.ts';

const tables: readonly OpeningTable[] = [
  { path: 'A.PortMapping.', names: tr098Mapping },
  { path: 'Device.NAT.PortMapping.', names: tr181Mapping, interface: 'Device.IP.Interface.1' },
  { path: 'Device.Firewall.Pinhole.', names: tr181Pinhole },
];
const ruleTable = 'Device.Firewall.Chain.2.Rule.';
const addresses: GatewayAddresses = { global: ['203.0.113.1'], local: [], own: [] };
const place: Place = { mappings: { path: 'A.PortMapping.', names: tr098Mapping }, external: '203.0.113.1', addresses };

/** Values of rows, as devices tell them. */
const shown = [
  ['A.PortMapping.1.PortMappingEnabled', '1'],
  ['A.PortMapping.1.PortMappingDescription', 'sluice-s0-1'],
  ['A.PortMapping.1.PortMappingProtocol', 'UDP'],
  ['A.PortMapping.1.RemoteHost', '203.0.113.10'],
  ['A.PortMapping.1.ExternalPort', '16384'],
  ['A.PortMapping.1.InternalPort', '5000'],
  ['A.PortMapping.1.InternalClient', '192.168.1.2'],
  ['A.PortMapping.1.PortMappingLeaseDuration', '60'],
  ['Device.NAT.PortMapping.2.Status', 'Error_Misconfigured'],
  ['Device.Firewall.Pinhole.3.SourcePrefixes', '2001:db8::1/128'],
  ['Device.Firewall.Pinhole.3.DestIP', '2001:db8:100::2'],
  ['Device.Firewall.Pinhole.3.DestPort', '5000'],
  ['Device.Firewall.Pinhole.3.Protocol', '17'],
  ['Device.Firewall.Pinhole.3.Description', 'sluice-s0-2'],
  ['Device.Firewall.Pinhole.3.Enable', 'true'],
  ['Device.Firewall.Chain.2.Rule.4.Enable', '1'],
  ['Device.Firewall.Chain.2.Rule.4.Target', 'Drop'],
  ['Device.Firewall.Chain.2.Rule.4.Description', 'sluice-s0-1'],
  ['Device.Firewall.Chain.2.Rule.4.Protocol', '17'],
  ['Device.Firewall.Chain.2.Rule.4.SourceIP', '203.0.113.10'],
  ['Device.Firewall.Chain.2.Rule.4.SourcePort', '7000'],
  ['Device.Firewall.Chain.2.Rule.4.SourcePortExclude', '1'],
  ['Device.Firewall.Chain.2.Rule.4.DestIP', '192.168.1.2'],
  ['Device.Firewall.Chain.2.Rule.4.DestPort', '5000'],
].map(([name = '', value = '']) => ({ name, value, type: 'string' }));

/** What devices post to their ACS: envelopes, and what the driver makes of the values in them. */
export const cwmp: Target = {
  name: 'cwmp',
  mostBytes: 64 << 10,
  seeds: bytesOf(
    ...samples.map(({ body }) => body),
    oddInform,
    plainFault,
    writeEnvelope({
      namespace: 'urn:dslforum-org:cwmp-1-0',
      id: '1',
      message: { name: 'GetParameterValuesResponse', values: shown },
    }),
  ),
  nearSeeds: bytesOf('<Envelope><Body/></Envelope>', '<Envelope><Body><Inform/></Body></Envelope>'),
  words: [
    ...['<Envelope><Body>', '<Fault>', '<detail>', '<FaultCode>9003</FaultCode>', 'soap-enc:arrayType="x[9]"'],
    ...['<InstanceNumber>4294967296</InstanceNumber>', '<Status>1</Status>', '<Status>-1</Status>', '<ID>', '<Name>'],
    ...['ExternalPortEndRange', '65536', '0', '-1', '0.0.0.0', 'true', 'TCP', '2001:db8::/64', 'sluice-', '__proto__'],
  ],
  mutators: [pieces(/<[^>]*>|[^<]+|</g), tokens],
  feed(input) {
    let envelope: CwmpEnvelope;
    try {
      envelope = readEnvelope(input);
    } catch (error) {
      if (!(error instanceof CwmpMalformed)) throw error;
      return refused(error.message.replace(/\d+|".*"|<.*>/g, ''));
    }
    const { message } = envelope;
    if (message.name !== 'Other' || /^[A-Za-z_][\w.-]*$/.test(message.method)) {
      const again = readEnvelope(writeEnvelope(envelope));
      promise(isDeepStrictEqual(again, envelope), 'a message stays the same when written and read');
    }
    if (message.name === 'Fault') {
      promise(refusalOfFault(message).message.length < 1_000, 'a refusal is short');
      return taken(`Fault ${culpritOf(message)}`);
    }
    if (message.name !== 'GetParameterValuesResponse') return taken(message.name);
    let openings = 0;
    for (const table of tables)
      for (const row of rowsIn(message.values, table.path)) {
        promise(row.path.startsWith(table.path) && row.path.endsWith('.'), 'a row is of its table');
        const opening = openingOf(seenRow(row, table), place, undefined, 0);
        if (!opening) continue;
        openings++;
        promise(isPort(opening.globalPort) && isPort(opening.local.port), 'an opening has ports');
        promise(Number.isSafeInteger(opening.until), 'an opening has an end');
        const families = [opening.local.address, opening.global.address].map(familyOf);
        promise(new Set(families).size === 1, 'an opening is of one IP version');
      }
    let rules = 0;
    for (const row of rowsIn(message.values, ruleTable)) {
      const { narrows } = seenRule(row);
      if (!narrows) continue;
      rules++;
      promise(isPort(narrows.sourcePort) && isPort(narrows.devicePort), 'a rule has ports');
    }
    return taken(`rows ${openings} rules ${rules}`);
  },
};

const login = { username: 'acs', password: 'secret' };

/** Headers of HTTP authentication, and UDP connection requests. */
export const httpAuth: Target = {
  name: 'http-auth',
  mostBytes: 8 << 10,
  seeds: bytesOf(
    'Digest realm="gw", qop="auth", nonce="abc", opaque="o", stale=true, algorithm=SHA-256',
    'Digest username="acs", realm="gw", nonce="abc", uri="/cr", response="66ba31e17f47877ec30e9b34fefd003a", qop=auth, nc=00000001, cnonce="0a4f113b"',
    'Basic YWNzOnNlY3JldA==',
    connectionRequestText({ ts: 1_700_000_000, id: 1234, username: 'acs', cnonce: 'c0ffee' }, '192.0.2.1:4', 'secret'),
  ),
  words: [
    'Digest ',
    'Basic ',
    'qop="auth"',
    'nonce="',
    'algorithm=MD5',
    'algorithm=MD5-sess',
    '\\"',
    ',,',
    '=',
    'GET /?',
    '&sig=',
  ],
  mutators: [tokens],
  feed(input) {
    const text = textOf(input);
    const request = readConnectionRequest(text, login.password);
    if (request) return taken('connection request');
    const basic = parseBasic(text);
    if (basic) return taken('basic');
    const challenge = parseDigestChallenge(text);
    const said = parseDigestCredentials(text);
    if (said) {
      digestResponse(said, 'POST', login.password);
      return taken(`credentials ${said.qop !== undefined} ${said.algorithm}`);
    }
    if (!challenge) return refused();
    const answer = parseDigestCredentials(answerDigest(challenge, { method: 'GET', uri: '/', cnonce: 'c' }, login));
    promise(answer?.nonce === challenge.nonce && answer.realm === challenge.realm, 'an answer is to its challenge');
    return taken(`challenge ${challenge.qop} ${challenge.algorithm}`);
  },
};

const transaction = Uint8Array.from([0x21, 0x12, 0xa4, 0x42, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
const stunSeed = { type: 1, transaction, attributes: [{ type: 0xc001, value: Buffer.from('dslforum.org/TR-111 ') }] };

/** Datagrams to the STUN server. */
export const stun: Target = {
  name: 'stun',
  mostBytes: 1_500,
  seeds: [
    buildStun(stunSeed),
    buildStun({ ...stunSeed, attributes: [{ type: 1, value: Uint8Array.of(0, 1, 0, 80, 192, 0, 2, 1) }] }, 'secret'),
  ],
  words: ['dslforum.org/TR-111 ', '\x00\x06\x00\x03acs\x00', '\xc0\x02\x00\x00'],
  mutators: [],
  feed(input) {
    const message = parseStun(input);
    if (!message) return refused();
    const again = parseStun(buildStun(message));
    promise(isDeepStrictEqual(again, message), 'a message stays the same when written and read');
    for (const { value } of message.attributes) readAddressValue(value);
    return taken(`${message.attributes.length} ${integrityHolds(input, 'secret')}`);
  },
};
