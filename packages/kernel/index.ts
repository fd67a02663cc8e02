export * from './data-plane.ts';
