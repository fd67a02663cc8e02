export * from './address-book.ts';
export * from './addresses.ts';
export * from './answers.ts';
export * from './held-row.ts';
export * from './plan.ts';
export * from './port.ts';
