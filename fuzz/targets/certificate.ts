import { X509Certificate } from 'node:crypto';
import { readSubject } from '../../packages/identity/identity.ts';
import { der } from '../formats/der.ts';
import { type Element, tree } from '../mutate/tree.ts';
import { promise, refused, type Target, taken } from '../target.ts';

/** A gateway's, an appliance's and an authority's certificate of a deployment that is no more. */
const samples = [
  'MIICBTCCAaygAwIBAgIQReIJYEIEWweN+LJMW3ljhzAKBggqhkjOPQQDAjAmMSQwIgYDVQQDExtTbHVpY2UgZGVwbG95bWVudCBhdXRob3JpdHkwHhcNMjYxMTI0MDc1MDM0WhcNMjkwMjI2MDc1NTM0WjAsMRgwFgYDVQQDEw9zZWxmOjpnYXRld2F5LTExEDAOBgNVBAsTB2dhdGV3YXkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQqHXQAdPcZtyyuhpf4lpKSG0BsJcGg5PLjUxkxlsGCAhqSrGp8GGPDVgwdA50gmv1mo13/hbaqSA8k6mzp4i0eo4G1MIGyMAwGA1UdEwEB/wQCMAAwDgYDVR0PAQH/BAQDAgeAMB0GA1UdJQQWMBQGCCsGAQUFBwMCBggrBgEFBQcDATBSBgNVHREESzBJhh51cm46YmJmOnVzcDppZDpzZWxmOjpnYXRld2F5LTGCD2dhdGV3YXkuZXhhbXBsZYcEwKgBAYcQIAENuAAAAAAAAAAAAAAAATAfBgNVHSMEGDAWgBTTFEKi084eQAwYLvxAhmCVnIEMfzAKBggqhkjOPQQDAgNHADBEAiATomEGVU8Z+XMiTMdUV+UVPhGjyt20tFc5BO71+0UGCAIgTybJx5ohk1DteeEagRImYFhGQOsTv3s2g4ECHUd875s=',
  'MIIB1TCCAXugAwIBAgIQShVcRk7i1gr++0/+zmDt7jAKBggqhkjOPQQDAjAmMSQwIgYDVQQDExtTbHVpY2UgZGVwbG95bWVudCBhdXRob3JpdHkwHhcNMjYxMTI0MDc1MDM0WhcNMjYxMjI0MDc1NTM0WjApMRMwEQYDVQQDEwpzZWxmOjp0di0xMRIwEAYDVQQLEwlhcHBsaWFuY2UwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQrv8qVYB6vWmvStwWu+3fM3a5cII10/asjoS0CxafaXALRLXcNiBYEM1i7yBQWxHwTKZhIPPuvNZC+4UBVif4Uo4GHMIGEMAwGA1UdEwEB/wQCMAAwDgYDVR0PAQH/BAQDAgeAMB0GA1UdJQQWMBQGCCsGAQUFBwMCBggrBgEFBQcDATAkBgNVHREEHTAbhhl1cm46YmJmOnVzcDppZDpzZWxmOjp0di0xMB8GA1UdIwQYMBaAFNMUQqLTzh5ADBgu/ECGYJWcgQx/MAoGCCqGSM49BAMCA0gAMEUCIC9K+CmfWe+FMOCY3+8vPnczema+RtvSTffE0dzJd1AcAiEAqPD0uOiNU72ck3M5JmkrN4uOLNKnpW3j0duZ3lozE00=',
  'MIIBjzCCATWgAwIBAgIQU8N9v5RHT9/LStSz1i/fmzAKBggqhkjOPQQDAjAmMSQwIgYDVQQDExtTbHVpY2UgZGVwbG95bWVudCBhdXRob3JpdHkwHhcNMjYxMTI0MDc1MDMzWhcNMzYxMTIxMDc1NTMzWjAmMSQwIgYDVQQDExtTbHVpY2UgZGVwbG95bWVudCBhdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQxRVR24R8zC34/qx8gXy9QOGVHn0K0hYMUSXSN5ijkfNWRtwOT2fLFMp3HJNwKlZGJCtBl9IIgZgKcspJJiVOko0UwQzASBgNVHRMBAf8ECDAGAQH/AgEAMA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQU0xRCotPOHkAMGC78QIZglZyBDH8wCgYIKoZIzj0EAwIDSAAwRQIgIgjgwcdrd8cAHQIG3vLgcLdnSq9BxexgnROT4cA2vR0CIQDwfFB2Q1SBnJfC5cwTUnwaCehVcMJ+uKhYlgf78sIOJw==',
];

/** Certificates of peers, once OpenSSL has read them: `readSubject` says who they name. */
export const certificate: Target = {
  name: 'certificate',
  mostBytes: 8192,
  seeds: samples.slice(0, 2).map((sample) => Buffer.from(sample, 'base64')),
  nearSeeds: samples.slice(2).map((sample) => Buffer.from(sample, 'base64')),
  words: [
    ...['urn:bbf:usp:id:', 'urn:bbf:usp:id:self::gateway-2', 'operator', 'portal', 'OU=operator', '\nOU=operator'],
    ...[', URI:urn:bbf:usp:id:self::x', 'U\x04\x0b', 'U\x04\x03', '\0', ' + OU=operator'],
  ],
  mutators: [tree(der), tree(der)],
  feed(input) {
    let read: X509Certificate;
    try {
      read = new X509Certificate(input);
    } catch {
      // Such a peer never gets through the TLS handshake.
      return refused('no certificate');
    }
    const subject = readSubject(read);
    if (!subject) return refused('names nobody');
    const { endpointId, role } = subject;
    const units = unitsOf(input);
    promise(units === undefined || units.join() === role, 'the role is the one unit of the subject');
    promise(Buffer.from(input).includes(`urn:bbf:usp:id:${endpointId}`), 'the endpoint id stands in the certificate');
    return taken(role);
  },
};

const unitOid = Buffer.from('55040b', 'hex');
const versionTag = 0xa0;

/**
 * The organizational units of a certificate's subject, read from the bytes; undefined where they are not plain DER.
 * Node's own `toLegacyObject` ends the process on a certificate whose key cannot be read.
 */
function unitsOf(certificateBytes: Uint8Array): string[] | undefined {
  const [whole] = der.read(certificateBytes) ?? [];
  const [signed] = partsOf(whole);
  const fields = partsOf(signed);
  const subject = fields[fields[0]?.head[0] === versionTag ? 5 : 4];
  if (!subject) return undefined;
  return partsOf(subject)
    .flatMap(partsOf)
    .map(partsOf)
    .filter(([oid]) => oid?.content instanceof Uint8Array && unitOid.equals(oid.content))
    .map(([, value]) => (value?.content instanceof Uint8Array ? Buffer.from(value.content).toString() : ''));
}

/** OpenSSL does not mind a SET or SEQUENCE that says it is primitive. */
function partsOf(element: Element | undefined): readonly Element[] {
  if (!element) return [];
  return element.content instanceof Uint8Array ? (der.read(element.content) ?? []) : element.content;
}
