export { AuditLog, type AuditSettings, type AuditState, openAudit } from './audit-log.ts';
export { type Verified, type VerifyWish, verifyLog } from './files/verify.ts';
export { describeFinding, type Finding } from './finding.ts';
export { type Audit, type AuditKind, auditKinds, noAudit, ownKinds } from './kinds.ts';
export { type Fields, isHash, type Json, type Position } from './line.ts';
export { auditSection, auditSettings } from './section.ts';
export { Sparing } from './sparing.ts';
export { trustIn } from './trust.ts';
