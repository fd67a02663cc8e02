export { type ConsentKey, checkConsent, type Known, oldestMs } from './check.ts';
export { type ConsentClaims, type SignedPort, tokenRoom } from './claims.ts';
export { thumbprintOf } from './key.ts';
export { type ConsentRequest, freshSeconds, type SigningKey, signConsent, signingKey } from './sign.ts';
