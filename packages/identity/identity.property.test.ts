import 'reflect-metadata';
import assert from 'node:assert/strict';
import { webcrypto, X509Certificate } from 'node:crypto';
import { before, test } from 'node:test';
import * as x509 from '@peculiar/x509';
import fc from 'fast-check';
import { endpointUrn, readSubject, servedNames } from './identity.ts';
import { isRole, roles } from './role.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
let keys: CryptoKeyPair;

before(async () => {
  x509.cryptoProvider.set(webcrypto as Crypto);
  keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair;
});

/** Texts that try to be more than one name. */
const hostile = fc.oneof(
  fc.constantFrom(...roles),
  fc.constantFrom(
    'operator\nOU=portal',
    '\nOU=operator',
    'x + OU=operator',
    'operator ',
    'OPERATOR',
    'oper\0ator',
    'a, b',
  ),
  // Not # and ": the generator reads them as marks of its own.
  fc.string({ unit: fc.constantFrom(...'abOU=,+;<>\\\n\0 é'), minLength: 1, maxLength: 12 }),
);
const nameParts = fc.array(fc.tuple(fc.constantFrom('CN', 'OU', 'O'), hostile), { maxLength: 4 });
const urn = fc.oneof(
  fc.constantFrom('self::gateway-1', 'self::a, URI:urn:bbf:usp:id:self::b', '', 'self::a"', "self::a'", 'self::a\n'),
  fc.stringMatching(/^[!-~]{1,12}$/),
);

async function certificateOf(
  parts: readonly [string, string][],
  urls: readonly string[],
  names: readonly string[] = [],
) {
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: parts.map(([type, value]) => ({ [type]: [value] })),
    notBefore: new Date(0),
    notAfter: new Date(2_000_000_000_000),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.SubjectAlternativeNameExtension([
        ...urls.map((value) => ({ type: 'url' as const, value })),
        ...names.map((value) => ({ type: 'dns' as const, value })),
      ]),
    ],
  });
  return new X509Certificate(Buffer.from(certificate.rawData));
}

test('a certificate names who it names once, and nobody else', async () => {
  await fc.assert(
    fc.asyncProperty(nameParts, fc.array(urn, { maxLength: 3 }), async (parts, ids) => {
      const named = readSubject(
        await certificateOf(
          parts,
          ids.map((id) => `${endpointUrn}${id}`),
        ),
      );
      const units = parts.filter(([type]) => type === 'OU').map(([, value]) => value);
      if (!named) {
        // Whatever a name cannot carry unchanged counts as none; an ordinary one is never missed.
        const [unit = '', id = ''] = [units[0], ids[0]];
        assert.ok(units.length !== 1 || ids.length !== 1 || !isRole(unit) || !/^[\w:.-]+$/.test(id));
        return;
      }
      assert.deepEqual([named.role, named.endpointId], [units[0], ids[0]]);
      assert.deepEqual([units.length, ids.length], [1, 1]);
    }),
    { numRuns: 300 },
  );
});

test('a certificate with two units or two ids names nobody', async () => {
  const id = `${endpointUrn}self::a`;
  assert.ok(readSubject(await certificateOf([['OU', 'portal']], [id])));
  const twice: readonly [string, string][] = [
    ['OU', 'portal'],
    ['OU', 'operator'],
  ];
  assert.equal(readSubject(await certificateOf(twice, [id])), undefined);
  assert.equal(readSubject(await certificateOf([['OU', 'portal']], [id, `${endpointUrn}self::b`])), undefined);
  assert.equal(readSubject(await certificateOf([], [id])), undefined);
});

test('a name that hides others serves under none of them', async () => {
  const names = ['gateway.example', 'a, DNS:b.example', 'a"b', 'x'];
  const served = servedNames(await certificateOf([['OU', 'gateway']], [], names));
  assert.ok(served.includes('gateway.example') && served.includes('x'));
  assert.deepEqual(
    served.filter((name) => name.includes('b.example')),
    [],
  );
});
