export * from './answer.ts';
export * from './ask.ts';
export * from './configuration.ts';
export * from './media.ts';
export * from './portal.ts';
export * from './problem.ts';
export * from './shapes.ts';
