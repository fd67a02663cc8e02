export * from './data-model.ts';
