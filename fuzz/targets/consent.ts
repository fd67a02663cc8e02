import { createPublicKey, sign, verify } from 'node:crypto';
import { checkConsent, signingKey, tokenRoom } from '@sluice/consent';
import { jsonRepeat, jsonTree } from '../mutate/json.ts';
import type { Mutator } from '../mutate/mutator.ts';
import { tokens } from '../mutate/pieces.ts';
import { bytesOf, promise, refused, type Target, taken, textOf } from '../target.ts';

/** Signs these samples and nothing else. */
const sampleKey = signingKey(`-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgSkOyuqTzpdquwXEG
fRjUoQa/9R0Htok+Nnjx0km3T1KhRANCAAS+jF+BspQVHrDnQkIKpeC9GpzEnGEP
GfXjbnKvCUGjTtkKPs3fTOw1ZGa/JljpIVYJ2LXRRGBID86z0r0RBnP8
-----END PRIVATE KEY-----`);
const publicKey = createPublicKey(sampleKey.key);
const now = Date.UTC(2030, 0, 1);
const applianceId = 'self::tv-1';
const portals = ['self::portal-1'];

/** Signed at {@link now}, one just so, one almost too old. */
const samples = [
  'eyJhbGciOiJFUzI1NiIsInR5cCI6InNsdWljZS1jb25zZW50K2p3dCIsImtpZCI6Ii1NVGo5WkJLa1FvMzFRM0t6cklkRE1uV3ZfQVVqbnJ0NjFuYlRkcnVlY2sifQ.eyJpc3MiOiJzZWxmOjp0di0xIiwiYXVkIjoic2VsZjo6cG9ydGFsLTEiLCJqdGkiOiJyLTEiLCJpYXQiOjE4OTM0NTYwMDAsImV4cCI6MTg5MzQ1NjA2MCwiZW5kIjoxODkzNDU5NjAwLCJjb250ZW50IjoiZmlsbSIsInBvcnRzIjpbeyJpZCI6InZpZGVvIiwidHJhbnNwb3J0IjoidWRwIiwicG9ydCI6NTAwMH1dfQ.dZkIk-VJ22akWbLamcoS-umg-jdWn_YJHbflUTuDfd1VnC4NCS4KAioQEXHC4maLTyYaVfLecReFtM3Cqt_Brg',
  'eyJhbGciOiJFUzI1NiIsInR5cCI6InNsdWljZS1jb25zZW50K2p3dCIsImtpZCI6Ii1NVGo5WkJLa1FvMzFRM0t6cklkRE1uV3ZfQVVqbnJ0NjFuYlRkcnVlY2sifQ.eyJpc3MiOiJzZWxmOjp0di0xIiwiYXVkIjoic2VsZjo6cG9ydGFsLTEiLCJqdGkiOiJyLTEiLCJpYXQiOjE4OTM0NTU5NDEsImV4cCI6MTg5MzQ1NjAwMSwiZW5kIjoxODkzNDU5NjAwLCJjb250ZW50IjoiZmlsbSIsInBvcnRzIjpbeyJpZCI6InZpZGVvIiwidHJhbnNwb3J0IjoidWRwIiwicG9ydCI6NTAwMH0seyJpZCI6ImZpbGUiLCJ0cmFuc3BvcnQiOiJ0Y3AiLCJwb3J0Ijo1MDAxfV19.jnJm3Mpf8qoeJ2aVgEoKBCv3rLSQGgJNXaiz6tkfCRrKdlzQvyb_J3EUwSVwCP6Pfo3KVVQx1jSJB9AxdKFjrg',
];

/** Mutates header or claims as the JSON that they are, and signs anew half of the time. */
const claims: Mutator = (input, material) => {
  const [head = '', body = '', signature = ''] = textOf(input).split('.');
  const { chance } = material;
  const mutate = chance.pick([jsonTree, jsonTree, jsonRepeat]);
  const changed = (part: string) => {
    const json = Buffer.from(part, 'base64url');
    return Buffer.from(mutate(json, { ...material, other: () => json })).toString('base64url');
  };
  const signed = chance.oneIn(4) ? `${changed(head)}.${body}` : `${head}.${changed(body)}`;
  if (chance.oneIn(2)) return Buffer.from(`${signed}.${signature}`);
  return Buffer.from(`${signed}.${sign('sha256', Buffer.from(signed), keyInput).toString('base64url')}`);
};
const keyInput = { key: sampleKey.key, dsaEncoding: 'ieee-p1363' } as const;

/** Consent tokens (JWS), which come to the gateway through portal and configuration server: `checkConsent`. */
export const consent: Target = {
  name: 'consent',
  mostBytes: tokenRoom + 64,
  seeds: bytesOf(...samples),
  words: ['.', '..', 'eyJhbGciOiJub25lIn0', '=', '-_', 'AAAA', '\n'],
  mutators: [claims, tokens],
  feed(input) {
    const text = textOf(input);
    const keys = { get: (kid: string) => (kid === sampleKey.kid ? { applianceId, key: publicKey } : undefined) };
    const checked = checkConsent(text, { keys, portals, now });
    if (!('claims' in checked)) {
      promise(checked.message.length <= 512, 'a refusal is bounded');
      return refused(checked.message.slice(0, 60));
    }
    const [head, body, signature] = text.split('.');
    const bytes = Buffer.from(signature ?? '', 'base64url');
    const isSigned = verify('sha256', Buffer.from(`${head}.${body}`), { ...keyInput, key: publicKey }, bytes);
    promise(isSigned, 'what is taken was signed, as it is');
    const { iss, aud, iat, exp, end, ports } = checked.claims;
    promise(iss === applianceId && portals.includes(aud), 'what is taken is for this portal, by this appliance');
    promise(exp > now / 1_000 && end > now / 1_000 && exp - iat <= 120, 'what is taken is fresh');
    promise(
      ports.every(({ port }) => Number.isInteger(port) && port >= 1 && port <= 65_535),
      'ports are ports',
    );
    return taken(`${ports.length}`);
  },
};
