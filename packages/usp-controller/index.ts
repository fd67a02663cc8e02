export type { UspAnswer } from '@sluice/wire/usp';
export { AnswerLost } from './answer-lost.ts';
export { type AgentListener, UspController, type UspControllerOptions } from './controller.ts';
export type { AgentContact } from './greeting.ts';
export type { Notification } from './notification.ts';
export { completeOnBoarding } from './on-boarding.ts';
export { ensureSubscriptions, type WantedSubscription } from './subscriptions.ts';
export type { SupportedModel } from './supported-model.ts';
