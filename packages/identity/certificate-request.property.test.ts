import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { certificateRequest, readCertificateRequest, UnusableCertificateRequest } from './certificate-request.ts';
import { encodeEnrolmentToken, readEnrolmentToken } from './enrolment-token.ts';
import { newKey } from './key.ts';

const endpointId = 'self::gateway-1';
let sound: Buffer;

before(async () => {
  const pem = await certificateRequest(await newKey(), endpointId);
  sound = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
});

const pemOf = (der: Uint8Array) =>
  `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;

test('a certificate request changed anywhere is unusable or still for its key, and nothing worse', async () => {
  const key = (await readCertificateRequest(pemOf(sound), endpointId)).toString('pem');
  const change = fc.record({ at: fc.nat(), remove: fc.nat(3), put: fc.uint8Array({ maxLength: 3 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 2 }), async (changes) => {
      let der = sound;
      for (const { at, remove, put } of changes) {
        const start = at % der.length;
        der = Buffer.concat([der.subarray(0, start), put, der.subarray(start + remove)]);
      }
      // What is signed is held together by its signature; the frame around it may be read leniently.
      const read = await readCertificateRequest(pemOf(der), endpointId).catch((error: unknown) => {
        assert.ok(error instanceof UnusableCertificateRequest, `${error}`);
      });
      if (read) assert.equal(read.toString('pem'), key);
    }),
    { numRuns: 300 },
  );
});

test('any text is no certificate request', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.uint8Array().map(pemOf)), (text) =>
      assert.rejects(readCertificateRequest(text, endpointId), UnusableCertificateRequest),
    ),
  );
});

test('an enrolment token comes out as it went in; any other text is none', () => {
  const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
  const text = fc.string({ minLength: 1, maxLength: 64, unit: 'grapheme' });
  fc.assert(
    fc.property(fc.webUrl({ validSchemes: ['https'] }), hex, text, text, (url, fingerprint, secret, id) => {
      const token = { url, fingerprint, secret, endpointId: id };
      assert.deepEqual(readEnrolmentToken(encodeEnrolmentToken(token)), token);
    }),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json().map((json) => Buffer.from(json).toString('base64url')),
      ),
      (word) => {
        assert.equal(readEnrolmentToken(word), undefined);
      },
    ),
  );
});
