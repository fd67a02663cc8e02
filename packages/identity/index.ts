export { type Authority, openAuthority } from './authority.ts';
export { type Identity, readIdentity, writeIdentity } from './identity.ts';
export { isRole, type Role, roles } from './role.ts';
export { clientTls, peerIdentity, serverTls } from './tls.ts';
