import { encodeEnrolmentToken, readEnrolmentToken } from '@sluice/identity';
import { readCertificateRequest, UnusableCertificateRequest } from '../../packages/identity/certificate-request.ts';
import { der } from '../formats/der.ts';
import { jsonRepeat, jsonTree } from '../mutate/json.ts';
import { tokens } from '../mutate/pieces.ts';
import { tree } from '../mutate/tree.ts';
import { bytesOf, promise, refused, type Target, taken, textOf } from '../target.ts';

const endpointId = 'self::gateway-1';

const token = {
  url: 'https://configuration.example:8448',
  fingerprint: 'ab'.repeat(32),
  secret: 'c2VjcmV0',
  endpointId,
};

/** Enrolment tokens, which a person pastes: `readEnrolmentToken`. The input is what the token holds, or the token. */
export const enrolmentToken: Target = {
  name: 'enrolment-token',
  mostBytes: 4096,
  seeds: bytesOf(JSON.stringify(token), encodeEnrolmentToken(token)),
  words: ['"url":', '"secret":', 'https://', 'http://', 'javascript:', '"fingerprint":"', 'null', '[]'],
  mutators: [jsonTree, jsonRepeat, tokens],
  feed(input) {
    const text = textOf(input);
    const isJson = text.startsWith('{');
    const read = readEnrolmentToken(isJson ? Buffer.from(text).toString('base64url') : text);
    if (!read) return refused(`${isJson}`);
    promise(new URL(read.url).protocol === 'https:', 'enrolment is over TLS');
    const again = readEnrolmentToken(encodeEnrolmentToken(read));
    promise(JSON.stringify(again) === JSON.stringify(read), 'a token is written as it was read');
    return taken(`${isJson}`);
  },
};

/** Made with a key that signs samples and nothing else. */
const sampleRequest = Buffer.from(
  'MIHUMHwCAQAwGjEYMBYGA1UEAxMPc2VsZjo6Z2F0ZXdheS0xMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEvoxfgbKUFR6w50JCCqXgvRqcxJxhDxn1425yrwlBo07ZCj7N30zsNWRmvyZY6SFWCdi10URgSA/Os9K9EQZz/KAAMAoGCCqGSM49BAMCA0gAMEUCIQCXEb2a5RWwIUxxPv9EsVaEOuUt6YaZ0IxptPG/I26IDgIgI4bNzqvbH7PlyndAOFdFLJutQjWtqGbaL6Lr+tUwqio=',
  'base64',
);

/** Certificate requests from whoever holds a token: `readCertificateRequest`. The input is DER, or PEM as text. */
export const certificateRequests: Target = {
  name: 'csr',
  mostBytes: 8192,
  seeds: [sampleRequest, Buffer.from(pemOf(sampleRequest))],
  words: [
    '-----BEGIN CERTIFICATE REQUEST-----',
    '-----END CERTIFICATE REQUEST-----',
    '\n',
    endpointId,
    '\0',
    'AAAA',
    '=',
  ],
  mutators: [tree(der)],
  async feed(input) {
    const text = textOf(input);
    const isText = text.startsWith('-');
    const pem = isText ? text : pemOf(input);
    try {
      const key = await readCertificateRequest(pem, endpointId);
      promise((key.algorithm as { namedCurve?: string }).namedCurve === 'P-256', 'a key is on the curve P-256');
      return taken(`${isText}`);
    } catch (error) {
      if (!(error instanceof UnusableCertificateRequest)) throw error;
      return refused(`${isText} ${error.message}`);
    }
  },
};

function pemOf(bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join('\n')}\n-----END CERTIFICATE REQUEST-----\n`;
}
