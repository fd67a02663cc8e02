/** HTTP Basic and Digest authentication (RFC 7617, RFC 7616, RFC 2069's digest too): headers to values and back. */
export { buildBasic, parseBasic } from './basic.ts';
export {
  answerDigest,
  buildDigestChallenge,
  type DigestAlgorithm,
  type DigestChallenge,
  type DigestCredentials,
  digestResponse,
  digestResponseOf,
  digestSecret,
  parseDigestChallenge,
  parseDigestCredentials,
} from './digest.ts';
